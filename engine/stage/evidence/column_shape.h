// The distribution of a column's sampled values, taken in batch by batch.
// Thread-safety: one thread.
#pragma once

#include <arrow/array.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "contract/contract.h"
#include "stage/evidence/table_sample.h"

namespace millrace::stage {

class ShapeBuilder {
 public:
  explicit ShapeBuilder(const contract::Column& column);
  Status Add(const arrow::Array& values);
  ColumnShape Finish() const;

 private:
  ColumnShape Ranges(ColumnShape::Kind kind) const;

  std::string name_;
  std::shared_ptr<arrow::DataType> type_;
  std::vector<double> numbers_;            // values, or the lengths of texts and lists
  std::map<std::string, int64_t> values_;  // until there are too many
  bool few_values_ = true;
};

}  // namespace millrace::stage
