#include "stage/hidden_values.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>

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

}  // namespace

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
      return values;
  }
}

}  // namespace millrace::stage
