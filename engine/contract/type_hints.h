// What the texts of a column that inference left a string might be: for a person to decide, because
// a wrong type loses rows.
//
// Thread-safety: pure function.
#pragma once

#include <arrow/array.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::contract {

struct TypeHint {
  std::string why;          // "dates, day first": one phrase, without a value of the data
  std::string declaration;  // what to write into the column: `type: date, format: "%d.%m.%Y"`
};

/// Hints that hold for every value of the samples, the surest first.
Result<std::vector<TypeHint>> TypeHintsOf(
    const std::vector<std::shared_ptr<arrow::StringArray>>& samples);

}  // namespace millrace::contract
