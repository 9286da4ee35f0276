#include "io/zip/zip_archive.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "io/byte_stream.h"
#include "io/testing/memory_store.h"
#include "io/zip/zip_store.h"

namespace millrace::io {
namespace {

struct Entry {
  std::string name, content;
  bool deflate = true;
  int flags = 0, method = -1;   // -1: as `deflate` says
  int64_t declared_bytes = -1;  // -1: as they are
  uint32_t crc_error = 0;
};

void Put(std::string* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out->push_back(i < 8 ? static_cast<char>(value >> (8 * i)) : '\0');
  }
}

std::string Deflate(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// Written by hand, so that it can be wrong. `zip64`: sizes only in the extra fields.
std::string Zip(const std::vector<Entry>& entries, bool zip64 = false) {
  std::string file, directory;
  for (const Entry& entry : entries) {
    const std::string packed = entry.deflate ? Deflate(entry.content) : entry.content;
    const auto crc =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(entry.content.data()),
                                    static_cast<uInt>(entry.content.size()))) ^
        entry.crc_error;
    const uint64_t bytes = entry.declared_bytes < 0 ? entry.content.size()
                                                    : static_cast<uint64_t>(entry.declared_bytes);
    const int method = entry.method >= 0 ? entry.method : entry.deflate ? 8 : 0;
    std::string extra;
    if (zip64) {
      Put(&extra, 1, 2);
      Put(&extra, 16, 2);
      Put(&extra, bytes, 8);
      Put(&extra, packed.size(), 8);
    }
    std::string common;
    Put(&common, 45, 2);
    Put(&common, static_cast<uint64_t>(entry.flags), 2);
    Put(&common, static_cast<uint64_t>(method), 2);
    Put(&common, 0, 4);
    Put(&common, crc, 4);
    Put(&common, zip64 ? UINT32_MAX : packed.size(), 4);
    Put(&common, zip64 ? UINT32_MAX : bytes, 4);
    Put(&common, entry.name.size(), 2);
    Put(&common, extra.size(), 2);
    const size_t offset = file.size();
    file += "PK\x03\x04" + common + entry.name + extra + packed;
    directory += std::string("PK\x01\x02\x2d\0", 6) + common;
    Put(&directory, 0, 10);
    Put(&directory, offset, 4);
    directory += entry.name + extra;
  }
  const size_t begin = file.size();
  file += directory + std::string("PK\x05\x06\0\0\0\0", 8);
  Put(&file, entries.size(), 2);
  Put(&file, entries.size(), 2);
  Put(&file, directory.size(), 4);
  Put(&file, begin, 4);
  Put(&file, 0, 2);
  return file;
}

std::shared_ptr<arrow::io::RandomAccessFile> File(const std::string& bytes) {
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
}

Result<std::string> ReadMember(const std::string& archive, const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const ZipDirectory directory, ReadZipDirectory(File(archive)));
  ARROW_ASSIGN_OR_RAISE(auto file, OpenZipMember(File(archive), name, directory.at(name)));
  ARROW_ASSIGN_OR_RAISE(auto stream, OpenByteStream(std::move(file), /*hash=*/true));
  std::string text, block(1000, '\0');
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got,
                          stream->Read(1000, reinterpret_cast<uint8_t*>(block.data())));
    if (got == 0) return text;
    text.append(block, 0, static_cast<size_t>(got));
  }
}

std::string LongText() {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += std::to_string(i * 7919 % 100003) + ",";
  return text;
}

TEST_CASE("members come back, stored and deflated, zip64 too, in any order of reading") {
  const std::string text = LongText();
  for (const bool zip64 : {false, true}) {
    const std::string zip = Zip({{"b/long.csv", text},
                                 {"a.csv", "id\n1\n", false},
                                 {"b/", "", false},
                                 {"../up.csv", "x"},
                                 {"empty", ""}},
                                zip64);
    CHECK(IsZip(zip));
    const auto directory = ReadZipDirectory(File(zip));
    REQUIRE_MESSAGE(directory.ok(), directory.status().ToString());
    CHECK(directory->size() == 4);
    CHECK(directory->at("b/long.csv").bytes == static_cast<int64_t>(text.size()));
    CHECK(ReadMember(zip, "b/long.csv").ValueOrDie() == text);
    CHECK(ReadMember(zip, "a.csv").ValueOrDie() == "id\n1\n");
    CHECK(ReadMember(zip, "../up.csv").ValueOrDie() == "x");
    CHECK(ReadMember(zip, "empty").ValueOrDie().empty());
    auto file = OpenZipMember(File(zip), "b/long.csv", directory->at("b/long.csv")).ValueOrDie();
    for (const size_t at : {1000UL, 500000UL, 20UL, text.size() - 3, text.size(), 0UL}) {
      CHECK(file->ReadAt(static_cast<int64_t>(at), 50).ValueOrDie()->ToString() ==
            text.substr(at, 50));
    }
  }
  CHECK(ReadZipDirectory(File(Zip({})))->empty());
}

TEST_CASE("what is not as the archive says is an error") {
  const std::string text = LongText();
  const auto code = [](const Result<std::string>& read) { return CodeOf(read.status()); };
  CHECK(code(ReadMember(Zip({{"a", text, true, 0, -1, -1, 1}}), "a")) == ErrorCode::kCorruptFile);
  CHECK(code(ReadMember(Zip({{"a", text, false, 0, -1, -1, 1}}), "a")) == ErrorCode::kCorruptFile);
  const auto size = static_cast<int64_t>(text.size());
  CHECK(code(ReadMember(Zip({{"a", text, true, 0, -1, size - 1}}), "a")) ==
        ErrorCode::kCorruptFile);
  CHECK(code(ReadMember(Zip({{"a", text, true, 0, -1, size + 1}}), "a")) ==
        ErrorCode::kCorruptFile);
  CHECK(code(ReadMember(Zip({{"a", text, false, 0, -1, size + 1}}), "a")) ==
        ErrorCode::kCorruptFile);
  const auto bomb = ReadMember(Zip({{"a", "x", true, 0, -1, int64_t{1} << 30}}), "a");
  CHECK(code(bomb) == ErrorCode::kCorruptFile);
  CHECK(bomb.status().message().find("cannot be") != std::string::npos);
  CHECK(code(ReadMember(Zip({{"a", "x"}, {"a", "y"}}), "a")) == ErrorCode::kCorruptFile);
}

TEST_CASE("what is encrypted or packed otherwise is refused by name") {
  const auto encrypted = ReadMember(Zip({{"a", "x", true, 1}}), "a");
  CHECK(CodeOf(encrypted.status()) == ErrorCode::kUnreadablePath);
  CHECK(encrypted.status().message().find("encrypted") != std::string::npos);
  const auto method = ReadMember(Zip({{"a", "x", true, 0, 12}}), "a");
  CHECK(CodeOf(method.status()) == ErrorCode::kUnreadablePath);
  CHECK(method.status().message().find("method 12") != std::string::npos);
  const auto nested = ReadMember(Zip({{"a", Zip({{"b", "x"}}), false}}), "a");
  CHECK(CodeOf(nested.status()) == ErrorCode::kUnreadablePath);
}

TEST_CASE("members that share bytes of the archive are refused") {
  const std::string content(100000, 'z');
  std::string zip = Zip({{"a", content, false}, {"b", content, false}});
  // Both now point at one local header that is only there once.
  const size_t second = zip.find("PK\x01\x02", zip.find("PK\x01\x02") + 1);
  const size_t body = zip.find("PK\x03\x04", 4);
  REQUIRE(second != std::string::npos);
  std::string cut = zip.substr(0, body) + zip.substr(zip.find("PK\x01\x02"));
  CHECK(CodeOf(ReadZipDirectory(File(cut)).status()) == ErrorCode::kCorruptFile);
}

TEST_CASE("a cut or flipped archive is an error or the same, never something else") {
  const std::string text = "id,name\n1,Ann\n2,Bob\n";
  const std::string zip = Zip({{"a.csv", text}, {"b.csv", text, false}});
  for (size_t keep = 0; keep < zip.size(); ++keep) {
    CHECK(!ReadZipDirectory(File(zip.substr(0, keep))).ok());
  }
  for (size_t i = 0; i < zip.size(); ++i) {
    std::string damaged = zip;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    const auto directory = ReadZipDirectory(File(damaged));
    if (!directory.ok()) continue;
    for (const auto& [name, member] : *directory) {
      const auto read = ReadMember(damaged, name);
      if (read.ok()) CHECK(*read == text);
    }
  }
}

TEST_CASE("a zip store shows members as files and follows the archive") {
  const auto inner = std::make_shared<MemoryStore>();
  REQUIRE(inner->Replace("in/a.ZIP", Zip({{"x.csv", "1"}, {"sub/y.csv", "22"}})).ok());
  REQUIRE(inner->Replace("in/b.zip", "no archive").ok());
  ZipStore store(inner);
  const auto files = store.List("").ValueOrDie();
  REQUIRE(files.size() == 2);
  CHECK(store.IsArchive(files[0]).ValueOrDie());
  CHECK_FALSE(store.IsArchive(files[1]).ValueOrDie());
  const auto members = store.Members(files[0]).ValueOrDie();
  REQUIRE(members.size() == 2);
  CHECK(members[0].key == "in/a.ZIP!/sub/y.csv");
  CHECK(members[0].bytes == 2);
  CHECK(store.Stat(members[0].key).ValueOrDie().SameVersion(members[0]));
  CHECK(store.ReadSmall(members[1].key, 10).ValueOrDie() == "1");
  CHECK_FALSE(store.Exists("in/a.ZIP!/z.csv").ValueOrDie());
  CHECK_FALSE(store.OpenForRead("in/a.ZIP!/z.csv").ok());
  REQUIRE(inner->Replace("in/a.ZIP", Zip({{"x.csv", "1"}, {"sub/y.csv", "234"}})).ok());
  CHECK_FALSE(store.Stat(members[0].key).ValueOrDie().SameVersion(members[0]));
  CHECK(SplitZipKey("a!/b.zip!/c!/d").archive == "a!/b.zip");
  CHECK(SplitZipKey("a.zip").member.empty());
}

}  // namespace
}  // namespace millrace::io
