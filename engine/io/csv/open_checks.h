// What must hold before the first row of a file is read.
#pragma once

#include <string_view>

#include "base/status.h"
#include "io/csv/csv_reader.h"
#include "io/csv/record_text.h"

namespace millrace::io::csv {

/// BadValue when options contradict each other or are out of range.
Status CheckOptions(const CsvOptions& options);

/// UnknownDialect when the dialect was told with too little confidence, with the proposal.
Status CheckConfidence(const SniffedCsv& sniffed, const CsvOptions& options);

/// UnknownDialect when the first record is no header: open, malformed, no UTF-8 text, or cut off
/// (`torn`: the file goes on behind the text that was looked at). A header that took the rest of
/// the file for its own would lose every row without a word.
Status CheckHeader(const TextRecord& header, std::string_view text, bool torn);

}  // namespace millrace::io::csv
