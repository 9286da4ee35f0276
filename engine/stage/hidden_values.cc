#include "stage/hidden_values.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <cstring>

namespace millrace::stage {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Which values are null, from the first bit on.
Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& values) {
  if (values.null_count() == 0) return nullptr;
  return arrow::internal::CopyBitmap(arrow::default_memory_pool(), values.null_bitmap_data(),
                                     values.offset(), values.length());
}

Result<ArrayPtr> BareStruct(const arrow::StructArray& values) {
  ARROW_ASSIGN_OR_RAISE(arrow::ArrayVector children, values.Flatten());  // null where it is null
  for (ArrayPtr& child : children) {
    ARROW_ASSIGN_OR_RAISE(child, WithoutHiddenValues(child));
  }
  ARROW_ASSIGN_OR_RAISE(auto validity, ValidityOf(values));
  return std::make_shared<arrow::StructArray>(values.type(), values.length(), std::move(children),
                                              std::move(validity), values.null_count());
}

Result<ArrayPtr> BareList(const arrow::ListArray& values) {
  ARROW_ASSIGN_OR_RAISE(ArrayPtr items, values.Flatten());  // without those of lists that are null
  ARROW_ASSIGN_OR_RAISE(items, WithoutHiddenValues(items));
  arrow::TypedBufferBuilder<int32_t> offsets;
  ARROW_RETURN_NOT_OK(offsets.Reserve(values.length() + 1));
  int32_t end = 0;
  offsets.UnsafeAppend(end);
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsValid(i)) end += values.value_length(i);
    offsets.UnsafeAppend(end);
  }
  ARROW_ASSIGN_OR_RAISE(auto buffer, offsets.Finish());
  ARROW_ASSIGN_OR_RAISE(auto validity, ValidityOf(values));
  return std::make_shared<arrow::ListArray>(values.type(), values.length(), std::move(buffer),
                                            std::move(items), std::move(validity),
                                            values.null_count());
}

// The bytes of a text that is null.
Result<ArrayPtr> BareBytes(const ArrayPtr& values) {
  arrow::Int64Builder all;
  ARROW_RETURN_NOT_OK(all.Reserve(values->length()));
  for (int64_t i = 0; i < values->length(); ++i) all.UnsafeAppend(i);
  ARROW_ASSIGN_OR_RAISE(const auto indices, all.Finish());
  return arrow::compute::Take(*values, *indices);
}

// The bytes, or bits, of a number that is null.
Result<ArrayPtr> BareNumbers(const arrow::Array& values) {
  const arrow::ArrayData& data = *values.data();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> validity, ValidityOf(values));
  std::shared_ptr<arrow::Buffer> bare;
  if (values.type_id() == arrow::Type::BOOL) {
    ARROW_ASSIGN_OR_RAISE(bare, arrow::internal::BitmapAnd(
                                    arrow::default_memory_pool(), data.buffers[1]->data(),
                                    data.offset, data.buffers[0]->data(), data.offset, data.length,
                                    /*out_offset=*/0));
  } else {
    const int64_t width = values.type()->byte_width();
    ARROW_ASSIGN_OR_RAISE(bare, data.buffers[1]->CopySlice(data.offset * width, data.length * width,
                                                           arrow::default_memory_pool()));
    for (int64_t i = 0; i < data.length; ++i) {
      if (values.IsNull(i)) {
        std::memset(bare->mutable_data() + i * width, 0, static_cast<size_t>(width));
      }
    }
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      values.type(), data.length, {std::move(validity), std::move(bare)}, values.null_count()));
}

bool HidesNumbers(const arrow::Array& values) {
  const uint8_t* bytes = values.data()->buffers[1]->data();
  const int64_t offset = values.offset();
  const bool bits = values.type_id() == arrow::Type::BOOL;
  const int64_t width = bits ? 0 : values.type()->byte_width();
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsValid(i)) continue;
    const uint8_t* value = bytes + (offset + i) * width;
    if (bits ? arrow::bit_util::GetBit(bytes, offset + i)
             : std::any_of(value, value + width, [](uint8_t byte) { return byte != 0; })) {
      return true;
    }
  }
  return false;
}

// Of texts and lists.
template <typename ArrayType>
bool HidesLengths(const ArrayType& values) {
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i) && values.value_length(i) > 0) return true;
  }
  return false;
}

bool HidesFields(const arrow::StructArray& values) {
  for (int i = 0; i < values.num_fields(); ++i) {
    const auto field = values.field(i);
    for (int64_t row = 0; values.null_count() > 0 && row < values.length(); ++row) {
      if (values.IsNull(row) && field->IsValid(row)) return true;
    }
    if (HidesValues(*field)) return true;
  }
  return false;
}

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_primitive(type.id()) || arrow::is_decimal(type.id()) ||
         type.id() == arrow::Type::FIXED_SIZE_BINARY;
}

bool HasNulls(const arrow::ArrayData& data) {
  return data.GetNullCount() > 0 || std::any_of(data.child_data.begin(), data.child_data.end(),
                                                [](const auto& child) { return HasNulls(*child); });
}

}  // namespace

bool HidesValues(const arrow::Array& values) {
  const arrow::Type::type id = values.type_id();
  if (values.length() == 0) return false;
  if (id == arrow::Type::STRUCT) {
    return HidesFields(static_cast<const arrow::StructArray&>(values));
  }
  if (id == arrow::Type::LIST) {
    const auto& lists = static_cast<const arrow::ListArray&>(values);
    const int64_t begin = lists.value_offset(0), end = lists.value_offset(lists.length());
    return HidesLengths(lists) || HidesValues(*lists.values()->Slice(begin, end - begin));
  }
  if (id == arrow::Type::NA || values.null_count() == 0) {
    return id != arrow::Type::NA && HasNulls(*values.data());
  }
  if (arrow::is_binary_like(id))
    return HidesLengths(static_cast<const arrow::BinaryArray&>(values));
  if (arrow::is_large_binary_like(id)) {
    return HidesLengths(static_cast<const arrow::LargeBinaryArray&>(values));
  }
  return !IsNumber(*values.type()) || HidesNumbers(values);
}

bool MayHideValues(const arrow::ArrayData& data) {
  if (data.child_data.empty()) return false;
  if (data.GetNullCount() > 0) return true;
  return std::any_of(data.child_data.begin(), data.child_data.end(),
                     [](const auto& child) { return MayHideValues(*child); });
}

Result<ArrayPtr> WithoutHiddenValues(const ArrayPtr& values) {
  switch (values->type_id()) {
    case arrow::Type::STRUCT:
      return BareStruct(static_cast<const arrow::StructArray&>(*values));
    case arrow::Type::LIST:
      return BareList(static_cast<const arrow::ListArray&>(*values));
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      if (values->null_count() > 0) return BareBytes(values);
      return values;
    default:
      if (IsNumber(*values->type()) && values->null_count() > 0) return BareNumbers(*values);
      return values;
  }
}

}  // namespace millrace::stage
