// The part of a reject that does not depend on the rule: where the record stood and what it held.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <string>

#include "base/reject.h"
#include "io/record_reader.h"

namespace millrace::contract {

/// Record, byte range and raw bytes of a row; where the format has no byte ranges (Parquet), `raw`
/// is the row as a JSON object of the columns that were read.
Reject RejectOfRow(const io::RawBatch& batch, const io::Chunk& chunk, int64_t row);

/// A value for Reject::value, cut to a readable length; "" for null.
std::string ShownValue(const arrow::Array& values, int64_t row);
std::string ShownValue(const std::string& text);

/// The text of a value, however long; "" for null.
std::string WholeValue(const arrow::Array& values, int64_t row);

}  // namespace millrace::contract
