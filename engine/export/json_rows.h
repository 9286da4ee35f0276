// Rows as JSON Lines, straight from Arrow buffers. The table of types is docs/exports.md.
// Thread-safety: RowsAsJson is pure.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace::exporting {

/// Appends one line per row: every column, in order, null where there is no value. Floats that JSON
/// cannot hold become null and are counted. CorruptFile for a string that is not UTF-8; Bug for a
/// type without a JSON form (CheckJsonTypes says so before).
Status RowsAsJson(const arrow::RecordBatch& rows, std::string* out, int64_t* non_finite);

/// BadValue naming the first column whose type has no JSON form.
Status CheckJsonTypes(const arrow::Schema& schema);

/// The values of one column, one at a time.
/// Thread-safety: immutable; any thread may append.
class JsonColumn {
 public:
  /// As RowsAsJson fails.
  static Result<JsonColumn> Make(std::shared_ptr<arrow::Array> values);
  /// Also `null`.
  void AppendJson(int64_t row, std::string* out) const;
  /// As it would stand in a running text: strings, dates and decimals without quotes, lists and
  /// structs as JSON, nothing for null.
  void AppendText(int64_t row, std::string* out) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// `text` as a JSON string with its quotes. REQUIRES: UTF-8.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace millrace::exporting
