// Values of an expression over a batch.
#pragma once

#include <arrow/record_batch.h>

#include "expr/expression.h"
#include "expr/syntax.h"

namespace millrace::expr {

/// REQUIRES: CheckKinds found no problem over the batch's schema.
Result<Evaluation> EvaluateNode(const std::string& text, const Node& node,
                                const arrow::RecordBatch& batch);

}  // namespace millrace::expr
