// Types of an expression over a schema.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <vector>

#include "expr/syntax.h"

namespace millrace::expr {

/// The Arrow type that values of a kind are computed in.
std::shared_ptr<arrow::DataType> ArrowTypeOf(Kind kind);
/// False for types that expressions do not read (lists, dates, ...).
bool KindOfColumn(const arrow::DataType& type, Kind* kind);

/// The kind of `node`; appends what is wrong to `problems`, and goes on as well as it can.
Kind CheckKinds(const std::string& text, const Node& node, const arrow::Schema& schema,
                std::vector<Diagnostic>* problems);

}  // namespace millrace::expr
