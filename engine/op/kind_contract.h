// What each kind of operator owes, held against what one gave: an operator that breaks the contract
// of its kind is a bug, and its rows go no further. Internal to this room.
//
// Each function says what is wrong ("gave ..."), or "" for nothing.
#pragma once

#include <string>

#include "op/operator.h"

namespace millrace::op {

/// Before anything runs: what it adds is called as its kind's columns are, and is not there yet;
/// what it does not write is there as before.
std::string BoundFault(const Operator& op, const std::string& id, const arrow::Schema& columns);

std::string FailuresFault(const RowFailures& failures, int64_t rows);
std::string AnnotatorFault(const Annotator& op, const arrow::ArrayVector& added, int64_t rows);
std::string FilterFault(const Filter& op, const Verdict& verdict, int64_t rows);
std::string RefinerFault(const Refiner& op, const Refined& refined,
                         const arrow::RecordBatch& before);
std::string GeneratorFault(const Generator& op, const Generated& made, const RowFailures& failures,
                           int64_t rows);

}  // namespace millrace::op
