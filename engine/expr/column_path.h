// Where the columns of an expression are: `doc.title` is the column of that whole name, or where
// there is none the member `title` of the struct column `doc`.
//
// Thread-safety: immutable.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::expr {

class ColumnPath {
 public:
  /// None when there is no such column. `whole`: only a column of that whole name is meant.
  static std::optional<ColumnPath> Find(const arrow::Schema& schema, const std::string& name,
                                        bool whole = false);

  /// The position of the column in the schema.
  int column() const { return steps_.front(); }
  const std::shared_ptr<arrow::DataType>& type() const { return type_; }
  /// REQUIRES: the batch is of the schema. Null where anything on the path is.
  Result<std::shared_ptr<arrow::Array>> In(const arrow::RecordBatch& batch) const;

 private:
  std::vector<int> steps_;  // of the schema, then of structs
  std::shared_ptr<arrow::DataType> type_;
};

/// Of a name that is not found: the longest part of it that is a struct, its members, and the rest.
struct BrokenPath {
  std::string found, rest;
  std::vector<std::string> members;
};
std::optional<BrokenPath> FindBrokenPath(const arrow::Schema& schema, const std::string& name);

}  // namespace millrace::expr
