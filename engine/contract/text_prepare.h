// What happens to texts before they are cast: trim and null_values. Untouched columns are not
// copied.
#pragma once

#include <arrow/array.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "contract/contract.h"

namespace millrace::contract {

/// `text` without the characters of Unicode's White_Space property at its ends.
std::string_view Trimmed(std::string_view text, Trim trim);

Result<std::shared_ptr<arrow::StringArray>> TrimTexts(std::shared_ptr<arrow::StringArray> texts,
                                                      Trim trim);
/// Texts that equal one of `null_values` become null.
Result<std::shared_ptr<arrow::StringArray>> NullTexts(std::shared_ptr<arrow::StringArray> texts,
                                                      const std::vector<std::string>& null_values);

}  // namespace millrace::contract
