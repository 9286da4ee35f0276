// The values of a batch as the texts that templates ask for.
// Thread-safety: RowValues belongs to one thread; the functions are pure.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "expr/template.h"

namespace millrace::exporting {

/// The type of a value of the template, or null where the schema has no such column or member.
std::shared_ptr<arrow::DataType> TypeOfValue(const arrow::Schema& schema,
                                             const expr::TemplateValue& value);

/// Every value that is not there or cannot be put into words as the template wants it.
std::vector<Diagnostic> CheckTemplate(const expr::Template& text, const arrow::Schema& schema);

/// The top-level columns of the schema that the template reads.
std::vector<std::string> ColumnsOf(const expr::Template& text, const arrow::Schema& schema);

class RowValues : public expr::TemplateValues {
 public:
  /// Keeps the reference.
  explicit RowValues(const arrow::RecordBatch& rows) : rows_(rows) {}
  Result<std::shared_ptr<arrow::Array>> Texts(const expr::TemplateValue& value) const override;

 private:
  const arrow::RecordBatch& rows_;
};

}  // namespace millrace::exporting
