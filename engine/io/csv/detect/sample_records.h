// Records of a part of a file, as a candidate dialect reads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/csv/record_text.h"

namespace millrace::io::csv {

/// A text with the readable bytes behind it that ReadRecord asks for.
class PaddedText {
 public:
  PaddedText() = default;
  explicit PaddedText(std::string text);
  std::string_view text() const { return {storage_.data(), bytes_}; }
  std::string_view from(size_t offset) const { return text().substr(offset); }

 private:
  std::string storage_;
  size_t bytes_ = 0;
};

struct SampleRecord {
  TextRecord text;
  size_t offset = 0;
  int line = 0;   // how many lines come before it
  int lines = 1;  // that it takes
  bool blank = false, comment = false;
  size_t fields() const { return text.fields.size(); }
};

/// At most `records_max` records. One that the end of the text cuts is left out unless `whole`:
/// then the text ends where the file does.
std::vector<SampleRecord> ReadRecords(std::string_view text, bool whole, const CsvDialect& dialect,
                                      size_t records_max);

/// Lines without their ends, by the dialect's kind of newline alone.
std::vector<std::string_view> SplitLines(std::string_view text, std::string_view newline,
                                         size_t lines_max);

}  // namespace millrace::io::csv
