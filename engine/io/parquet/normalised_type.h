// The one type we use for each family of Arrow types that mean the same.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "base/status.h"

namespace millrace::io {

std::shared_ptr<arrow::DataType> NormalisedType(const std::shared_ptr<arrow::DataType>& type);
/// `array` cast to its normalised type; the array itself when it has it.
Result<std::shared_ptr<arrow::Array>> Normalised(const std::shared_ptr<arrow::Array>& array);

}  // namespace millrace::io
