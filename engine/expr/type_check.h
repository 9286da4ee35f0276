// Types of an expression over a schema.
#pragma once

#include <arrow/type.h>

#include <vector>

#include "expr/syntax.h"

namespace millrace::expr {

/// The type of `node`; appends what is wrong to `problems`, and goes on as well as it can.
Type CheckTypes(const std::string& text, const Node& node, const arrow::Schema& schema,
                std::vector<Diagnostic>* problems);

}  // namespace millrace::expr
