#include "io/byte_stream.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <bzlib.h>
#include <doctest/doctest.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/sha256.h"

namespace millrace::io {
namespace {

std::string Gzip(const std::string& text, int level = 6) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& text, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  if (window_log > 0) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  }
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_inBuffer from{text.data(), text.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  // Ending in a call of its own keeps zstd from shrinking the window to the content.
  ZSTD_compressStream2(context, &to, &from, ZSTD_e_continue);
  REQUIRE(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end) == 0);
  out.resize(to.pos);
  ZSTD_freeCCtx(context);
  return out;
}

std::string Bzip2(const std::string& text, int level = 1) {
  std::string out(text.size() + text.size() / 100 + 700, '\0');
  auto bytes = static_cast<unsigned>(out.size());
  std::string in = text;  // the interface is not const
  REQUIRE(BZ2_bzBuffToBuffCompress(out.data(), &bytes, in.data(), static_cast<unsigned>(in.size()),
                                   level, 0, 0) == BZ_OK);
  out.resize(bytes);
  return out;
}

std::string Lz4(const std::string& text, LZ4F_blockMode_t mode = LZ4F_blockLinked) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = mode;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  // Only with a checksum for each is a damaged block noticed before its bytes are handed out.
  preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
  std::string out(LZ4F_compressFrameBound(text.size(), &preferences), '\0');
  const size_t bytes =
      LZ4F_compressFrame(out.data(), out.size(), text.data(), text.size(), &preferences);
  REQUIRE(!LZ4F_isError(bytes));
  out.resize(bytes);
  return out;
}

std::string RandomText(std::mt19937_64& random, size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    text += random() % 3 == 0 ? "the same words again " : std::to_string(random());
  }
  text.resize(bytes);
  return text;
}

struct Outcome {
  std::string bytes;
  Status status;
  std::string sha256;
};

Outcome ReadAll(const std::string& file, int64_t step, int window_log_max = 27) {
  ByteStreamOptions options;
  options.zstd_window_log_max = window_log_max;
  auto opened = OpenByteStream(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file)), options);
  Outcome outcome;
  if (!opened.ok()) return {"", opened.status(), ""};
  std::string buffer(static_cast<size_t>(step), '\0');
  while (true) {
    auto got = (*opened)->Read(step, reinterpret_cast<uint8_t*>(buffer.data()));
    if (!got.ok()) {
      outcome.status = got.status();
      CHECK((*opened)->Read(step, reinterpret_cast<uint8_t*>(buffer.data())).status() ==
            outcome.status);
      return outcome;
    }
    if (*got == 0) break;
    outcome.bytes.append(buffer, 0, static_cast<size_t>(*got));
  }
  CHECK((*opened)->raw_bytes_read() == static_cast<int64_t>(file.size()));
  outcome.sha256 = (*opened)->ContentSha256().ValueOrDie();
  CHECK((*opened)->ContentSha256().ValueOrDie() == outcome.sha256);
  return outcome;
}

TEST_CASE("every way of packing a text reads back, whatever the size of the reads") {
  std::mt19937_64 random(20261121);
  for (size_t bytes :
       {0UL, 1UL, 5UL, 4096UL, (1UL << 20) - 1, 1UL << 20, (1UL << 20) + 1, 3000000UL}) {
    const std::string text = RandomText(random, bytes);
    const size_t cut = bytes == 0 ? 0 : random() % bytes;
    const std::string skippable("\x53\x2A\x4D\x18\x03\x00\x00\x00xyz", 11);
    const std::vector<std::string> files = {
        text,
        Gzip(text),
        Gzip(text, 0),
        Gzip(text.substr(0, cut)) + Gzip("") + Gzip(text.substr(cut)),
        Gzip(text) + std::string(1000, '\0'),
        Zstd(text),
        Zstd(text.substr(0, cut)) + Zstd("") + skippable + Zstd(text.substr(cut)),
        skippable + Zstd(text),
        Bzip2(text),
        Bzip2(text, 9),
        Bzip2(text.substr(0, cut)) + Bzip2("") + Bzip2(text.substr(cut)),
        Lz4(text),
        Lz4(text, LZ4F_blockIndependent),
        Lz4(text.substr(0, cut)) + Lz4("") + skippable + Lz4(text.substr(cut)),
        skippable + skippable + Lz4(text),
    };
    for (const std::string& file : files) {
      for (int64_t step : {1, 7, 65536, 1 << 20, 5 << 20}) {
        if (step < 100 && bytes > 5000) continue;
        const Outcome outcome = ReadAll(file, step);
        REQUIRE_MESSAGE(outcome.status.ok(), outcome.status.ToString());
        CHECK(outcome.bytes == text);
        CHECK(outcome.sha256 == Sha256Hex(file));
      }
    }
  }
}

TEST_CASE("a truncated file hands out a prefix, then says where it ends") {
  std::mt19937_64 random(7);
  const std::string text = RandomText(random, 3000);
  const std::vector<std::pair<std::string, std::string>> packed = {
      {"gzip", Gzip(text)}, {"zstd", Zstd(text)}, {"bzip2", Bzip2(text)}, {"lz4", Lz4(text)}};
  for (const auto& [name, file] : packed) {
    for (size_t keep = name == "bzip2" ? 10 : 4; keep < file.size(); ++keep) {
      const Outcome outcome = ReadAll(file.substr(0, keep), keep % 2 == 0 ? 100 : 65536);
      REQUIRE(!outcome.status.ok());
      CHECK(CodeOf(outcome.status) == ErrorCode::kCorruptFile);
      const std::string message = outcome.status.message();
      CHECK(message.find(name + " data is truncated") != std::string::npos);
      CHECK(message.find("at byte " + std::to_string(keep)) != std::string::npos);
      CHECK(text.compare(0, outcome.bytes.size(), outcome.bytes) == 0);
    }
  }
}

TEST_CASE("all bytes of whole blocks before the damage are handed out") {
  std::mt19937_64 random(11);
  const std::string good = RandomText(random, 1000000);
  std::string bad = RandomText(random, 300000);
  const auto bzip2 = [](const std::string& text) { return Bzip2(text); };
  const auto lz4 = [](const std::string& text) { return Lz4(text); };
  const auto gzip = [](const std::string& text) { return Gzip(text); };
  const auto zstd = [](const std::string& text) { return Zstd(text); };
  using Pack = std::function<std::string(const std::string&)>;
  for (const Pack& pack : {Pack(gzip), Pack(zstd), Pack(bzip2), Pack(lz4)}) {
    const std::string first = pack(good);
    std::string second = pack(bad);
    second[second.size() / 2] = static_cast<char>(second[second.size() / 2] ^ 0x55);
    for (int64_t step : {1000, 1 << 20, 4 << 20}) {
      const Outcome outcome = ReadAll(first + second, step);
      CHECK(CodeOf(outcome.status) == ErrorCode::kCorruptFile);
      CHECK(outcome.status.message().find("damaged near byte") != std::string::npos);
      REQUIRE(outcome.bytes.size() >= good.size());
      CHECK(outcome.bytes.compare(0, good.size(), good) == 0);
    }
  }
}

TEST_CASE("a flipped byte anywhere is never read as something else in silence") {
  std::mt19937_64 random(13);
  const std::string text = RandomText(random, 2000);
  for (const std::string& file : {Gzip(text), Zstd(text), Bzip2(text), Lz4(text)}) {
    for (size_t i = 0; i < file.size(); ++i) {
      std::string damaged = file;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
      const Outcome outcome = ReadAll(damaged, 512);
      if (SniffCompression(damaged) == Compression::kNone) continue;  // the magic itself
      if (outcome.status.ok()) {
        CHECK(outcome.bytes == text);  // such as a gzip header's time
      } else {
        CHECK((CodeOf(outcome.status) == ErrorCode::kCorruptFile ||
               CodeOf(outcome.status) == ErrorCode::kMemoryLimit));
      }
    }
  }
}

TEST_CASE("bytes after the compressed data are an error, not ignored") {
  for (const std::string& garbage : {std::string("x"), std::string("\0\0x", 3), std::string("\x1f"),
                                     std::string("a,b\n1,2\n")}) {
    for (const std::string& file : {Gzip("a,b\n"), Zstd("a,b\n"), Bzip2("a,b\n"), Lz4("a,b\n")}) {
      const Outcome outcome = ReadAll(file + garbage, 64);
      CHECK(CodeOf(outcome.status) == ErrorCode::kCorruptFile);
      CHECK(outcome.bytes == "a,b\n");
    }
  }
}

TEST_CASE("a zstd window beyond the limit is refused with the way out") {
  std::mt19937_64 random(17);
  const std::string file = Zstd(RandomText(random, 200000), 24);
  CHECK(ReadAll(file, 65536, 24).status.ok());
  const Outcome outcome = ReadAll(file, 65536, 23);
  CHECK(CodeOf(outcome.status) == ErrorCode::kMemoryLimit);
  CHECK(DiagnosticsOf(outcome.status)[0].suggestion.find("--long=23") != std::string::npos);
}

TEST_CASE("compressions that are not read are named") {
  const std::string xz(
      "\xFD"
      "7zXZ\0\0\0",
      8);
  const Outcome outcome = ReadAll(xz, 10);
  CHECK(CodeOf(outcome.status) == ErrorCode::kUnreadablePath);
  CHECK(outcome.status.message().find("xz") != std::string::npos);
  CHECK(ReadAll(std::string("\x02\x21\x4C\x18") + "x", 10).status.message().find("legacy") !=
        std::string::npos);
  CHECK(ReadAll("BZh1,b\n", 10).bytes == "BZh1,b\n");
  CHECK(ReadAll("BZh1,text,1AY&SY\n", 10).bytes == "BZh1,text,1AY&SY\n");
}

}  // namespace
}  // namespace millrace::io
