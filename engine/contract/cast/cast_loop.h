// The loop every cast of fixed-width values shares.
#pragma once

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <memory>
#include <utility>
#include <vector>

#include "contract/cast/text_cast.h"

namespace millrace::contract {

/// The validity of `texts` as a buffer of offset 0, failed rows cleared; null when all are valid.
Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& texts,
                                                  const std::vector<CastFailure>& failures);

/// `texts` with the failed rows null; offsets and bytes are shared.
Result<std::shared_ptr<arrow::StringArray>> WithoutRows(const arrow::StringArray& texts,
                                                        const std::vector<CastFailure>& failures);

/// `read(begin, size, end_of_memory, Value*) -> CastError` for each text that is not null.
template <typename Value, typename Read>
Result<CastResult> CastEach(const arrow::StringArray& texts,
                            const std::shared_ptr<arrow::DataType>& type, Read read) {
  const int64_t rows = texts.length();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(Value))));
  auto* out = reinterpret_cast<Value*>(values->mutable_data());
  const int32_t* offsets = texts.raw_value_offsets();
  const auto& data = texts.value_data();
  const char* bytes = data ? reinterpret_cast<const char*>(data->data()) : nullptr;
  const char* end = data ? bytes + data->size() : nullptr;
  CastResult result;
  const bool all_valid = texts.null_count() == 0;
  const uint8_t* validity = texts.null_bitmap_data();
  for (int64_t row = 0; row < rows; ++row) {
    if (!all_valid && !arrow::bit_util::GetBit(validity, texts.offset() + row)) {
      out[row] = Value{};
      continue;
    }
    const CastError error = read(
        bytes + offsets[row], static_cast<size_t>(offsets[row + 1] - offsets[row]), end, out + row);
    if (__builtin_expect(error != CastError::kNone, 0)) {
      out[row] = Value{};
      result.failures.push_back({row, error});
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto valid, ValidityOf(texts, result.failures));
  result.values =
      arrow::MakeArray(arrow::ArrayData::Make(type, rows, {std::move(valid), std::move(values)}));
  return result;
}

}  // namespace millrace::contract
