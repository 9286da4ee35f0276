// What must hold before the first row of a file is read.
#pragma once

#include <string_view>

#include "base/status.h"
#include "io/csv/csv_reader.h"
#include "io/csv/record_text.h"

namespace millrace::io::csv {

/// The most a header may take, with the blank lines before it.
inline constexpr int64_t kHeaderBytesMax = 256 << 10;

/// BadValue when options contradict each other or are out of range.
Status CheckOptions(const CsvOptions& options);

/// UnknownDialect when a file starts with the byte order mark of UTF-16.
Status CheckEncoding(std::string_view head);

/// UnknownDialect when the first record is no header: open, malformed, no UTF-8 text, or cut off
/// (`torn`: the file goes on behind the text that was looked at). A header that took the rest of
/// the file for its own would lose every row without a word.
Status CheckHeader(const TextRecord& header, std::string_view text, bool torn);

}  // namespace millrace::io::csv
