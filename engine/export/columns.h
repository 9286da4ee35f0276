// Which columns leave, under which schema.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <vector>

#include "base/status.h"
#include "export/export.h"

namespace millrace::exporting {

struct ColumnChoice {
  std::vector<int> positions;             // in the input's schema, in the order of the output
  std::shared_ptr<arrow::Schema> schema;  // with the Hugging Face features of these columns
  bool unchanged = false;                 // all columns, in their order
};

/// The columns of the options (all when none are named), then the reserved ones if wanted.
/// MissingColumn for a name the input does not have.
Result<ColumnChoice> ChooseColumns(const std::shared_ptr<arrow::Schema>& input,
                                   const ExportOptions& options);
/// `choice` without the columns named.
ColumnChoice WithoutColumns(const ColumnChoice& choice, const std::vector<std::string>& names);

}  // namespace millrace::exporting
