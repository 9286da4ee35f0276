#include "op/image/luma.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "op/testing/images.h"
#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::AsJpeg;
using testing::AsPng;
using testing::AsWebp;

constexpr int64_t kPixels = 1'000'000;

uint8_t Slope(int x, int y) { return static_cast<uint8_t>((3 * x + 2 * y) % 256); }
uint8_t Checks(int x, int y) { return (x + y) % 2 == 0 ? 0 : 255; }

std::vector<std::string> AllFormats(int width, int height, const testing::Shade& shade) {
  return {AsJpeg(width, height, shade), AsJpeg(width, height, shade, 90, true),
          AsPng(width, height, shade), AsWebp(width, height, shade),
          AsWebp(width, height, shade, false)};
}

Luma Decoded(const std::string& bytes) {
  Luma luma;
  const std::string why = DecodeLuma(bytes, ReadImageHeader(bytes), kPixels, &luma);
  CHECK_MESSAGE(why.empty(), why);
  return luma;
}

std::string Why(const std::string& bytes, int64_t pixels_max = kPixels) {
  Luma luma;
  return DecodeLuma(bytes, ReadImageHeader(bytes), pixels_max, &luma);
}

TEST_CASE("headers tell format and size") {
  const auto images = AllFormats(37, 21, Slope);
  const std::vector<std::string> names = {"jpeg", "jpeg", "png", "webp", "webp"};
  for (size_t i = 0; i < images.size(); ++i) {
    const ImageHeader header = ReadImageHeader(images[i]);
    CHECK(FormatName(header.format) == names[i]);
    CHECK(header.width == 37);
    CHECK(header.height == 21);
  }
  using namespace std::string_literals;
  const ImageHeader gif = ReadImageHeader("GIF89a\x20\x01\x10\x00"s);
  CHECK((gif.format == ImageFormat::kGif && gif.width == 288 && gif.height == 16));
  std::string bmp =
      "BM"s + std::string(12, '\0') + "\x28\0\0\0"s + "\x05\0\0\0"s + "\xfd\xff\xff\xff"s;
  const ImageHeader from_the_top = ReadImageHeader(bmp);
  CHECK((from_the_top.width == 5 && from_the_top.height == 3));
  CHECK(ReadImageHeader("").format == ImageFormat::kUnknown);
  CHECK(ReadImageHeader("<svg/>").format == ImageFormat::kUnknown);
}

TEST_CASE("the same picture is the same in every format") {
  for (const std::string& bytes : AllFormats(64, 48, Slope)) {
    const Luma luma = Decoded(bytes);
    REQUIRE(luma.pixels.size() == 64 * 48);
    int64_t off = 0;
    for (int y = 0; y < 48; ++y) {
      for (int x = 0; x < 64; ++x) {
        off += std::abs(int{luma.pixels[static_cast<size_t>(64 * y + x)]} - Slope(x, y));
      }
    }
    CHECK(off / (64 * 48) <= 3);
  }
  CHECK(Decoded(AsPng(64, 48, Slope)).pixels == Decoded(AsWebp(64, 48, Slope)).pixels);
}

TEST_CASE("measures of pictures whose measures are known") {
  const auto flat = Decoded(AsPng(32, 32, [](int, int) { return uint8_t{90}; }));
  CHECK(Sharpness(flat) == 0);
  CHECK(Entropy(flat) == 0);
  const auto checks = Decoded(AsPng(34, 34, Checks));
  CHECK(Entropy(checks) == doctest::Approx(1));
  CHECK(Sharpness(checks) == doctest::Approx(1020.0 * 1020.0));
  const auto all = Decoded(AsPng(256, 4, [](int x, int) { return static_cast<uint8_t>(x); }));
  CHECK(Entropy(all) == doctest::Approx(8));
  CHECK(Sharpness(Decoded(AsPng(1, 1, Slope))) == 0);
  CHECK(DifferenceHash(Decoded(AsPng(1, 1, Slope))) == 0);
}

TEST_CASE("what looks alike has the same hash, what does not another") {
  const auto waves = [](double size) {
    return [size](int x, int y) {
      return static_cast<uint8_t>(127 + 60 * std::sin(x * 12 / size) + 60 * std::cos(y * 9 / size));
    };
  };
  const uint64_t hash = DifferenceHash(Decoded(AsPng(180, 160, waves(180))));
  CHECK(DifferenceHash(Decoded(AsJpeg(180, 160, waves(180), 60))) == hash);
  CHECK(DifferenceHash(Decoded(AsWebp(360, 320, waves(360), false))) == hash);
  CHECK(DifferenceHash(Decoded(AsPng(180, 160, waves(90)))) != hash);
}

TEST_CASE("size is looked at before anything is decoded") {
  CHECK(Why(AsPng(100, 100, Slope), 9'999) == "too many pixels");
  CHECK(Why(AsJpeg(100, 100, Slope), 10'000).empty());
  std::string bomb = AsPng(8, 8, Slope);
  for (const size_t at : {16, 20}) bomb.replace(at, 4, "\x7f\xff\xff\xff", 4);
  CHECK(Why(bomb) == "too many pixels");
  std::string frame = AsJpeg(8, 8, Slope);
  const size_t at = frame.find("\xff\xc0");
  REQUIRE(at != std::string::npos);
  frame.replace(at + 5, 4, "\xff\xff\xff\xff", 4);
  CHECK(Why(frame) == "too many pixels");
  CHECK(Why("GIF89a\x20\x01\x10") == "not decoded");
}

TEST_CASE("damaged images are damaged, and nothing else happens") {
  std::mt19937 random(7);
  for (const std::string& whole : AllFormats(40, 30, Checks)) {
    size_t cut = 0, tries = 0;
    for (size_t length = 0; length < whole.size(); length += 1 + whole.size() / 97) {
      cut += Why(whole.substr(0, length)).empty() ? 0 : 1;
      ++tries;
    }
    CHECK(cut + tries / 5 >= tries);  // the last bytes may say nothing
    for (int i = 0; i < 300; ++i) {
      std::string flipped = whole;
      for (int k = 0; k < 1 + i % 5; ++k) {
        flipped[random() % flipped.size()] = static_cast<char>(random());
      }
      Why(flipped);  // whatever it says, it says it
    }
  }
}

std::shared_ptr<arrow::Array> Binary(const std::vector<std::optional<std::string>>& values) {
  arrow::BinaryBuilder builder;
  for (const auto& value : values) {
    REQUIRE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

TEST_CASE("image_stats gives measures, or null and why") {
  const auto images = Binary({AsPng(20, 10, Checks), std::nullopt, "text",
                              AsPng(20, 10, Checks).substr(0, 60), "GIF89a\x20\x01\x10\x01"});
  const auto rows = testing::Rows({{"image", images}});
  const auto chain =
      testing::MakeChain(rows->schema(), {{"image_stats", "i", {{"field", "image"}}}}).ValueOrDie();
  const ChainResult result = testing::Apply(*chain, rows);
  CHECK(testing::Values(*result.rows, "i_format") ==
        std::vector<std::string>{"\"png\"", "null", "null", "\"png\"", "\"gif\""});
  CHECK(testing::Values(*result.rows, "i_reason") ==
        std::vector<std::string>{"null", "null", "\"unknown format\"", "\"damaged\"",
                                 "\"not decoded\""});
  const auto scores = testing::Values(*result.rows, "__fdf__/scores");
  CHECK(scores[0].find("\"width\":20,\"height\":10") != std::string::npos);
  CHECK(scores[0].find("\"aspect\":2") != std::string::npos);
  CHECK(scores[2].find("\"width\":null") != std::string::npos);
  CHECK(scores[4].find("\"width\":288,\"height\":272") != std::string::npos);
  CHECK(result.rejects == nullptr);
}

TEST_CASE("image_filter keeps what fits, with a reason for each that does not") {
  const auto images = Binary({AsPng(20, 10, Checks), std::nullopt, "text", AsJpeg(20, 10, Checks),
                              AsPng(5, 10, Checks), AsPng(20, 4, Checks), AsPng(90, 10, Checks)});
  const auto bytes =
      arrow::StructArray::Make({images}, std::vector<std::string>{"bytes"}).ValueOrDie();
  for (const auto& column :
       {std::shared_ptr<arrow::Array>(images), std::shared_ptr<arrow::Array>(bytes)}) {
    const auto rows = testing::Rows({{"image", column}});
    const auto chain = testing::MakeChain(rows->schema(), {{"image_filter",
                                                            "f",
                                                            {{"field", "image"},
                                                             {"formats", "png"},
                                                             {"width_min", "10"},
                                                             {"height_min", "5"},
                                                             {"aspect_max", "4"}}}})
                           .ValueOrDie();
    const ChainResult result = testing::Apply(*chain, rows);
    CHECK(result.rows->num_rows() == 1);
    CHECK(testing::Values(*result.rejects, "rule") ==
          std::vector<std::string>{"\"image_filter.null\"", "\"image_filter.unreadable\"",
                                   "\"image_filter.format\"", "\"image_filter.width\"",
                                   "\"image_filter.height\"", "\"image_filter.aspect\""});
    CHECK(testing::Values(*result.rejects, "threshold")[3] == "\"10..\"");
    CHECK(testing::Values(*result.rejects, "value")[4].find("png 20x4, ") == 1);
  }
}

}  // namespace
}  // namespace millrace::op
