// A value as text: the inverse of the casting table, so that typed input (Parquet) which does not
// have its declared type can be read by the same rules as text, and rejects can show a value.
#pragma once

#include <arrow/array.h>

#include <memory>
#include <string>

#include "base/status.h"
#include "contract/cast/text_cast.h"

namespace millrace::contract {

/// Appends the text of a value that is not null: integers and decimals in full, floats in the
/// fewest digits that read back to the same value, ISO 8601, base64, lists and structs as JSON.
void AppendValueText(const arrow::Array& values, int64_t row, std::string* out);
/// As AppendValueText but as a JSON value; null is `null`.
void AppendValueJson(const arrow::Array& values, int64_t row, std::string* out);

/// The texts of all values. Binary must be UTF-8 when `binary_as_utf8`, and is base64 otherwise.
Result<CastResult> ValueTexts(const arrow::Array& values, bool binary_as_utf8);

/// `text` cut to what a message can hold, at a code point.
std::string ShortText(const std::string& text);

}  // namespace millrace::contract
