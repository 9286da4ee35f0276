// The values of a batch as the texts that templates ask for.
// Thread-safety: belongs to one thread.
#pragma once

#include <arrow/record_batch.h>

#include <memory>

#include "expr/template_columns.h"

namespace millrace::exporting {

class RowValues : public expr::TemplateValues {
 public:
  /// Keeps the reference.
  explicit RowValues(const arrow::RecordBatch& rows) : rows_(rows) {}
  Result<std::shared_ptr<arrow::Array>> Texts(const expr::TemplateValue& value) const override;

 private:
  const arrow::RecordBatch& rows_;
};

}  // namespace millrace::exporting
