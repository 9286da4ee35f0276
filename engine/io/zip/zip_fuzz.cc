// Whatever the bytes: an archive is refused or read, its members give what the directory says or an
// error, the same in pieces of any size, and never more than deflate can hold in these bytes.
#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "io/zip/zip_archive.h"

namespace millrace::io {
namespace {

constexpr int64_t kReadMax = 1 << 20;  // of a member; beyond, time is all that is found

// A member from its beginning: its bytes, or which error there was; where it was noticed depends on
// the pieces.
std::string Content(const std::shared_ptr<arrow::io::RandomAccessFile>& archive,
                    const std::string& name, const ZipMember& member, int64_t piece) {
  const auto file = OpenZipMember(archive, name, member);
  if (!file.ok()) return file.status().ToString();
  std::string content, block(static_cast<size_t>(piece), '\0');
  while (static_cast<int64_t>(content.size()) < kReadMax) {
    const auto at = static_cast<int64_t>(content.size());
    const auto got = (*file)->ReadAt(at, piece, block.data());
    if (!got.ok()) return "error " + std::to_string(static_cast<int>(CodeOf(got.status())));
    if (*got == 0) {
      MILLRACE_CHECK(at == member.bytes);
      break;
    }
    content.append(block, 0, static_cast<size_t>(*got));
  }
  return content;
}

}  // namespace
}  // namespace millrace::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::io;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)IsZip(bytes);
  const auto archive = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  const auto directory = ReadZipDirectory(archive);
  if (!directory.ok()) return 0;
  int64_t unpacked = 0;
  for (const auto& [name, member] : *directory) {
    MILLRACE_CHECK(member.bytes >= 0 && member.packed_bytes >= 0);
    const bool readable = !member.encrypted && (member.method == 0 || member.method == 8);
    unpacked += readable ? member.bytes : 0;
    if (member.bytes > kReadMax) continue;
    const std::string whole = Content(archive, name, member, 1 << 16);
    MILLRACE_CHECK(Content(archive, name, member, 7) == whole);
  }
  const auto most = static_cast<int64_t>(size + directory->size()) * 1032;
  MILLRACE_CHECK(unpacked <= most);
  return 0;
}
