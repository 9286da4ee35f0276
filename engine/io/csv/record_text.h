// A few records of CSV as text, one byte at a time: for sniffing and headers, where clarity counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/csv/csv_reader.h"
#include "io/csv/scanner.h"

namespace millrace::io::csv {

struct TextField {
  std::string text;  // unescaped
  bool quoted = false;
};

struct TextRecord {
  std::vector<TextField> fields;
  size_t bytes = 0;       // with its line end
  bool complete = false;  // its line end was seen
  bool faulty = false;    // text after a closing quote
  bool open = false;      // the text ends inside quotes
};

/// The record at the start of `text`. A blank line is a record of one empty field.
/// REQUIRES: kDelimiterBytesMax readable bytes behind the text, no part of a delimiter.
TextRecord ReadRecord(std::string_view text, const CsvDialect& dialect);
/// With the scanner of that dialect, for reading many.
TextRecord ReadRecord(std::string_view text, const CsvDialect& dialect, const Scanner& scanner);

/// How many bytes of blank lines `text` starts with.
size_t BlankBytes(std::string_view text, const CsvDialect& dialect);

}  // namespace millrace::io::csv
