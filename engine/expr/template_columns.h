// What the values of a template are in the columns of a batch.
// Thread-safety: pure functions.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "expr/template.h"

namespace millrace::expr {

/// The type of a value of the template, or null where the schema has no such column or member.
std::shared_ptr<arrow::DataType> TypeOfValue(const arrow::Schema& schema,
                                             const TemplateValue& value);

/// Every value that is not there or cannot be put into words as the template wants it.
std::vector<Diagnostic> CheckTemplate(const Template& text, const arrow::Schema& schema);

/// The top-level columns of the schema that the template reads.
std::vector<std::string> ColumnsOf(const Template& text, const arrow::Schema& schema);

/// The column or member, null where a struct around it is. REQUIRES: CheckTemplate has no problem.
Result<std::shared_ptr<arrow::Array>> ArrayOf(const arrow::RecordBatch& rows,
                                              const TemplateValue& value);

}  // namespace millrace::expr
