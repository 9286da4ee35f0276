// One row through the operators of a stage, told step by step.
#pragma once

#include <arrow/record_batch.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/status.h"
#include "op/chain.h"

namespace millrace::pipeline {

struct StageTrace {
  nlohmann::ordered_json steps;              // one per instance that the row reached
  std::shared_ptr<arrow::RecordBatch> rows;  // what left the stage: of chain.stored()
};

/// `row`: one stored row. `drops`: what was decided about it for each global instance.
Result<StageTrace> TraceStage(const op::Chain& chain, const arrow::RecordBatch& row,
                              const std::vector<op::GlobalDrops>& drops);

/// The columns of one row by name, masked where they are sensitive; reserved ones are left out.
nlohmann::ordered_json ShownRow(const arrow::RecordBatch& rows, int64_t row);

}  // namespace millrace::pipeline
