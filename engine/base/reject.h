// A row that was not passed on, and why. Rejects are data: they flow beside the rows, are stored
// in the workspace, and take part in the row equation.
#pragma once

#include <cstdint>
#include <string>

namespace millrace {

/// Why and where. `rule` is a stable word such as "csv.unclosed_quote" or "required";
/// spec/rejects.md lists them all.
struct Reject {
  int64_t record = 0;        // index of the record in its chunk; becomes the ordinal in its file
  int64_t byte_offset = -1;  // of the record in the (decompressed) file; -1 where there is none
  int64_t byte_length = -1;
  std::string rule;
  std::string column;     // empty when the whole record is at fault
  std::string value;      // the measured value; empty for sensitive columns
  std::string threshold;  // what it was measured against; may be empty
  std::string message;    // one sentence for a person; never holds a sensitive value
  std::string raw;        // the record as it stood in the file, at most kRejectRawBytesMax
};

/// Longer raw records are cut here; byte_offset and byte_length still name all of it.
inline constexpr int64_t kRejectRawBytesMax = 1 << 20;

}  // namespace millrace
