// The two forms of a stage's rows. Stored: as shards hold them, with measures inside the struct
// `__fdf__/scores`. Working: as operators see them, a column for each measure (`stats.words`) and
// each finding (`eval.rule_passed`). Going from one to the other copies no values.
//
// Thread-safety: immutable.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::op {

inline constexpr char kEvalWorkingPrefix[] = "eval.";

/// Whether the working name is a measure or a finding, not a column of the user's.
bool IsMeasure(const std::string& working_name);

/// The working columns of stored ones: the user's, `__fdf__/row_id`, then measures and findings.
/// The lists of marks (tags, refined_by, generated_by) are left out.
std::shared_ptr<arrow::Schema> WorkingSchema(const arrow::Schema& stored);
Result<std::shared_ptr<arrow::RecordBatch>> ToWorking(
    const arrow::RecordBatch& stored, const std::shared_ptr<arrow::Schema>& working);

/// The stored columns of working ones, in this order: the user's, row id, scores, findings, then
/// the lists of marks that `marks` names.
std::shared_ptr<arrow::Schema> StoredSchema(const arrow::Schema& working,
                                            const std::vector<std::string>& marks);
/// `marks`: their arrays, in the schema's order.
Result<std::shared_ptr<arrow::RecordBatch>> ToStored(const arrow::RecordBatch& working,
                                                     const arrow::ArrayVector& marks,
                                                     const std::shared_ptr<arrow::Schema>& stored);

/// The measures of a working batch as a struct of the type, null where the batch has none.
Result<std::shared_ptr<arrow::Array>> GatherScores(const arrow::RecordBatch& working,
                                                   const arrow::DataType& type);

}  // namespace millrace::op
