// What a sample shows of each column, for the comments of a proposal.
//
// Thread-safety: one thread.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "contract/contract.h"
#include "contract/type_hints.h"

namespace millrace::pipeline {

struct ColumnFacts {
  contract::Column column;  // as proposed
  int64_t rows = 0, nulls = 0;
  int64_t distinct = 0;
  bool distinct_whole = true;         // false: there are more than were counted
  bool typed = false;                 // the format has types, and this is its
  bool mixed = false;                 // objects or lists beside plain values
  std::string sensitive_reason;       // why `column.sensitive`; holds no value
  std::vector<std::string> examples;  // none where anything suggests a sensitive value
  std::string held_back;              // why there are no examples though not sensitive
  std::vector<contract::TypeHint> hints;
};

/// `batches` are raw: of several files, maybe with different columns; a row whose batch lacks a
/// column counts as a null of it. `json_records`: texts may be JSON values of several kinds.
Result<std::vector<ColumnFacts>> CollectFacts(
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, bool json_records);

}  // namespace millrace::pipeline
