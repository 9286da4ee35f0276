// The column names at the start of a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/csv/csv_reader.h"

namespace millrace::io::csv {

struct HeaderText {
  int64_t bytes = 0;                 // before the first record: mark, preamble, blank lines, header
  bool empty = false;                // no header and no record
  std::vector<std::string> names;    // of the columns; column_N where the file gives none
  std::vector<std::string> records;  // the header's rows as they stand, without line ends
};

/// `head` is the start of the text, `torn` when the file goes on behind it. Errors: CheckHeader's.
/// REQUIRES: kPadding zero bytes behind the head.
Result<HeaderText> ReadHeader(std::string_view head, bool torn, const CsvDialect& dialect);

}  // namespace millrace::io::csv
