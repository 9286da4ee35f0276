// The description of one written file, as commit records, manifests and releases hold it.
#pragma once

#include <cstdint>
#include <string>

namespace millrace::io {

struct DataFile {
  std::string path;  // relative to the folder of the manifest that names it
  int64_t rows = 0;
  int64_t bytes = 0;
  std::string sha256;          // of the file
  std::string logical_sha256;  // of the values, independent of encoding and writer version
  /// > 0: the file holds no rows but says where they stand in files of a source
  /// (stage/reference.h); about what they would take as a shard.
  int64_t referred_bytes = 0;

  bool is_reference() const { return referred_bytes > 0; }
  /// What it weighs where files are grouped by size.
  int64_t bytes_of_rows() const { return is_reference() ? referred_bytes : bytes; }
};

}  // namespace millrace::io
