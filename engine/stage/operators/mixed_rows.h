// The rows that a mixture draws for a split: positions of its order, each a row of one input.
#pragma once

#include "stage/operators/split_rows.h"

namespace millrace::stage {

/// Rows of later epochs get `@<n>` behind their ids, n from 1.
Result<std::unique_ptr<SplitReader>> OpenMixed(const OperatorRun& run, const OperatorSplit& split,
                                               std::shared_ptr<arrow::Schema> schema,
                                               std::vector<std::string> columns);

/// The shards of an input that a split draws from, as indices; ascending, each once.
std::vector<size_t> DrawnShards(const OperatorPlan& plan, const OperatorSplit& split, size_t input);

}  // namespace millrace::stage
