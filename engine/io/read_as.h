// How a file of a text format was read: what its reader told from it, or was told.
#pragma once

#include <string>

namespace millrace::io {

/// Empty for formats that say all of this in the file themselves (Parquet).
struct ReadAs {
  std::string encoding = {};     // "utf-8", as EncodingName; "" where the format has none
  bool bom = false;              // with a byte order mark
  std::string declaration = {};  // the config lines that pin what was told; "" where nothing can be
  double confidence = 1;         // 0..1; what is declared is certain
  bool operator==(const ReadAs&) const = default;
};

}  // namespace millrace::io
