// The dialect of a file out of samples of its text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/csv/csv_reader.h"
#include "io/csv/detect/layout.h"

namespace millrace::io::csv {

struct DialectSample {
  std::string head;          // UTF-8, from the file's start, byte order mark included
  bool whole = false;        // the head is all of the file
  std::string middle, tail;  // UTF-8, from a line's start; may be empty
};

struct Detected {
  SniffedCsv sniffed;
  /// There when the sample does not show the end of the file, and its footer is not declared.
  std::optional<FooterTeller> footer;
};

/// Decides what the options leave open. Pure: the same sample gives the same dialect. The sample's
/// encoding is taken as told by the caller.
Detected DetectDialect(const DialectSample& sample, const CsvOptions& options,
                       const std::vector<std::string>& wanted);

/// From a raw part of a file, cut anywhere: its whole lines in UTF-8. `to_end`: it is the end.
std::string WholeLines(std::string_view raw, Encoding encoding, bool to_end);

}  // namespace millrace::io::csv
