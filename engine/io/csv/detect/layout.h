// Where in a file the table is: what comes before its header, the header's rows, what follows the
// last record, comments, further tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/csv/detect/sample_records.h"

namespace millrace::io::csv {

/// What is known when the layout is looked for. The records are those of the file's start.
struct LayoutInput {
  const std::vector<SampleRecord>* records = nullptr;
  bool whole = false;  // they are all of the file
  size_t fields = 1;   // of most records
  CsvDialect dialect;  // separators, comment, newline
  const CsvOptions* options = nullptr;
  const std::vector<std::string>* wanted = nullptr;  // names a header would have
  std::string_view tail;                             // the end of the file; empty: not known
};

struct Layout {
  int skip_rows = 0, header_rows = 0, footer_rows = 0, table = 0;
  bool trailing_delimiter = false;
  double agreement = 1;     // share of the table's records that have its number of fields
  double confidence = 1;    // of the decisions here; `agreement` is not in it
  std::vector<bool> typed;  // which columns hold values that are no mere text
  std::vector<std::string> reasons;
};

Layout FindLayout(const LayoutInput& input);

struct Footer {
  int rows = 0;        // lines at the end, blank ones not counted
  std::string reason;  // where it takes one: why the lines are no records
  std::string doubt;   // why the last record may be none, although it is taken for one
};

/// What lines at the end of `records` are a footer. `rows_begin`: the first of the records that is
/// a row of the table, where all rows are there to be added up; else none.
Footer FindFooter(const std::vector<SampleRecord>& records, size_t fields,
                  const std::vector<bool>& typed, std::optional<size_t> rows_begin);

/// Tells a footer from the end of a file alone.
struct FooterTeller {
  CsvDialect dialect;
  size_t fields = 1;
  std::vector<bool> typed;
  /// `tail`: whole lines, to the end of the file.
  Footer Find(std::string_view tail) const;
};

}  // namespace millrace::io::csv
