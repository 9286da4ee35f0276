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
};

}  // namespace millrace::io
