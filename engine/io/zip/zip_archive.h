// A zip archive read through the engine's own files: its directory, and its members as files.
//
// minizip (zlib's contrib, from Debian) reads the directory, and zlib unpacks. minizip takes its
// input through callbacks, here from a RandomAccessFile, so that any Store serves. What it does not
// check is checked here: names that stand twice, encrypted and foreign methods, sizes that deflate
// cannot give, members that share bytes of the archive. With these an archive unpacks to at most
// 1,032 times its size, and only as a stream. The numbers of zip64 are read here, for minizip 1.1
// does not: archives and members may be larger than 4 GiB.
//
// Thread-safety: the functions may be called from any thread; a member's ReadAt as well.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace millrace::io {

struct ZipMember {
  int64_t bytes = 0, packed_bytes = 0;
  uint32_t crc32 = 0;
  bool encrypted = false;
  int method = 0;      // 0: stored, 8: deflated; nothing else is read
  uint64_t place = 0;  // of its entry in the directory
};

/// By name; folders are left out. Names are names: "../x" goes nowhere.
using ZipDirectory = std::map<std::string, ZipMember>;

bool IsZip(std::string_view first_bytes);

/// CorruptFile when the directory is damaged or is not honest.
Result<ZipDirectory> ReadZipDirectory(std::shared_ptr<arrow::io::RandomAccessFile> archive);

/// A member's content, to be read from front to back: going back begins anew. CorruptFile at the
/// end when size or CRC are not what the directory says. UnreadablePath for what is encrypted, or
/// packed otherwise than by deflate.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenZipMember(
    std::shared_ptr<arrow::io::RandomAccessFile> archive, const std::string& name,
    const ZipMember& member);

}  // namespace millrace::io
