// Which columns of a typed input are wanted, and how they come out of its batches: what readers of
// Parquet and of datasets have in common.
//
// Thread-safety: immutable once made.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "io/record_reader.h"

namespace millrace::io {

class TypedProjection {
 public:
  /// Requests name a column of `stored`, or a member of a struct column by a dotted path. A column
  /// that is not there is MissingColumn.
  static Result<TypedProjection> Make(const std::shared_ptr<arrow::Schema>& stored,
                                      const Projection& projection);

  /// The columns as they stand, with normalised types (normalised_type.h).
  const std::shared_ptr<arrow::Schema>& file_schema() const { return file_schema_; }
  /// Positions in `stored` of the columns that are used, ascending.
  const std::vector<int>& used() const { return used_; }
  /// The columns that were asked for. REQUIRES: `chunk.decoded` has the used columns, in order.
  Result<RawBatch> Parse(const Chunk& chunk) const;

 private:
  // Where a request's values are: members of a struct column below a top-level one.
  struct ColumnPath {
    int column = 0;  // top-level; in Parse, among the used ones
    std::vector<int> members;
  };

  std::shared_ptr<arrow::DataType> Find(const std::string& wanted, ColumnPath* path) const;

  std::shared_ptr<arrow::Schema> stored_schema_, file_schema_, batch_schema_;
  std::vector<ColumnPath> paths_;
  std::vector<int> used_;
};

}  // namespace millrace::io
