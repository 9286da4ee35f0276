#include "io/encoding/text_stream.h"

#include <doctest/doctest.h>

#include <string>

#include "base/sha256.h"

namespace millrace::io {
namespace {

std::string Decoded(Encoding encoding, std::string_view bytes) {
  std::string out;
  const size_t used = DecodeText(encoding, bytes, /*last=*/true, &out);
  CHECK(used == bytes.size());
  return out;
}

std::string Units(std::string_view text, bool big) {
  std::string out;
  for (const char c : text) out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

// Reads `step` bytes at a time.
std::string ReadAll(ByteStream& stream, int64_t step) {
  std::string out, block(static_cast<size_t>(step), '\0');
  while (true) {
    const auto got = stream.Read(step, reinterpret_cast<uint8_t*>(block.data()));
    REQUIRE(got.ok());
    if (*got == 0) return out;
    out.append(block, 0, static_cast<size_t>(*got));
  }
}

Encoding Told(const std::string& bytes) { return DetectEncoding(bytes, {}).encoding; }
double Confidence(const std::string& bytes) { return DetectEncoding(bytes, {}).confidence; }

}  // namespace

TEST_CASE("text decodes to UTF-8, and what cannot be decoded is never valid UTF-8") {
  CHECK(Decoded(Encoding::kUtf16Le, Units("a,b\n", false)) == "a,b\n");
  CHECK(Decoded(Encoding::kUtf16Be, Units("a,b\n", true)) == "a,b\n");
  CHECK(Decoded(Encoding::kUtf16Le, std::string_view("\xac\x20", 2)) == "\xe2\x82\xac");
  CHECK(Decoded(Encoding::kUtf16Le, std::string_view("\x3d\xd8\x00\xde", 4)) == "\xf0\x9f\x98\x80");
  CHECK(Decoded(Encoding::kUtf16Le, std::string_view("\x3d\xd8x\0", 4)) == "\xed\xa0\xbdx");
  CHECK(Decoded(Encoding::kUtf16Le, std::string_view("\x3d\xd8", 2)) == "\xed\xa0\xbd");
  CHECK(Decoded(Encoding::kUtf16Le, std::string_view("a\0b", 3)) == "a\xff");
  CHECK(Decoded(Encoding::kLatin1, "\xe9\x80") == "\xc3\xa9\xc2\x80");
  CHECK(Decoded(Encoding::kCp1252, "\xe9\x80") == "\xc3\xa9\xe2\x82\xac");
  CHECK(Decoded(Encoding::kCp1252, "\x81") == "\x81");
}

TEST_CASE("a decoded stream is the same in reads of any size, and hashes the raw file") {
  std::string text = "name;city\n";
  for (int i = 0; i < 40'000; ++i) text += "Zo;K" + std::to_string(i) + "\n";
  std::string raw = "\xff\xfe" + Units(text, false);
  for (const int64_t step : {1 << 20, 1000, 7}) {
    auto opened = OpenTextStream(MemoryByteStream(raw), std::nullopt, {});
    REQUIRE(opened.ok());
    CHECK(opened->detected.encoding == Encoding::kUtf16Le);
    CHECK(ReadAll(*opened->stream, step) == text);
    CHECK(*opened->stream->ContentSha256() == Sha256Hex(raw));
  }
  auto plain = OpenTextStream(MemoryByteStream(text), std::nullopt, {});
  CHECK(ReadAll(*plain->stream, 1000) == text);
}

TEST_CASE("encodings are told by marks, zero bytes and what is no UTF-8") {
  CHECK(Told("plain,text\n") == Encoding::kUtf8);
  CHECK(Told("caf\xc3\xa9,\xe2\x82\xac\n") == Encoding::kUtf8);
  CHECK(DetectEncoding("\xef\xbb\xbf"
                       "a,b",
                       {})
            .bom_bytes == 3);
  CHECK(Told(Units("id,name\n1,x\n", false)) == Encoding::kUtf16Le);
  CHECK(Told(Units("id,name\n1,x\n", true)) == Encoding::kUtf16Be);
  CHECK(Told("name,caf\xe9 \x80 5\n") == Encoding::kCp1252);
  CHECK(Confidence("name,caf\xe9 au lait\nx,Stra\xdf"
                   "e\n") > 0.8);
  // Made of high bytes: some other script.
  CHECK(Confidence("\xcf\xf0\xe8\xe2\xe5\xf2,\xec\xe8\xf0\n\xcf\xf0\xe8,\xec\xe8\n") < 0.6);
  std::string euros = "id;price\n", pounds = euros, cyrillic = "id;name\n";
  for (int i = 10; i < 40; ++i) {
    const std::string number = std::to_string(i);
    euros += number + ";" + number + ",50 \x80\n";
    pounds += number + ";\xa3" + number + ".50\n";
    cyrillic += number + ";\xcf\xf0\xe8\xe2\xe5\xf2\n";
  }
  CHECK(Told(euros) == Encoding::kCp1252);
  CHECK(Confidence(euros) > 0.6);
  CHECK(Confidence(pounds) > 0.6);
  CHECK(Confidence(cyrillic) < 0.6);
  // Both in one file.
  CHECK(Confidence("caf\xc3\xa9,caf\xe9,\xc3\xa9t\xe9\n") < 0.6);
  // Damage: no word has such letters.
  CHECK(Told("id,name\nbad\xff,x\nh\xc3"
             "arbour,y\n") == Encoding::kUtf8);
  // The head alone is ASCII.
  CHECK(DetectEncoding("id,name\n", {"...caf\xe9, th\xe9\n"}).encoding == Encoding::kCp1252);
  // A part cut inside a sequence says nothing against UTF-8.
  CHECK(DetectEncoding("id,name\n", {"\xa9 caf\xc3\xa9 \xc3"}).encoding == Encoding::kUtf8);
}

}  // namespace millrace::io
