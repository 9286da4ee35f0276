#include "op/plugin/foreign_arrays.h"

#include <arrow/c/bridge.h>
#include <arrow/device.h>

#include <cstring>
#include <limits>

#include "contract/contract.h"
#include "op/plugin/plugin_table.h"

namespace millrace::op {
namespace {

constexpr int kDepthMax = 64;

/// Released at the end of its scope, unless it was taken.
struct Released {
  explicit Released(ArrowArray* of) : array(of) {}
  ~Released() {
    if (array->release != nullptr) array->release(array);
  }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
  ArrowArray* array;
};

std::string CountsFault(const ArrowArray& array, const arrow::DataType& type) {
  if (array.length < 0 || array.offset < 0 || array.null_count < -1 ||
      array.null_count > array.length ||
      array.length > std::numeric_limits<int32_t>::max() - 1 - array.offset) {
    return "an array with impossible counts";
  }
  if (array.n_buffers != static_cast<int64_t>(type.layout().buffers.size()) ||
      array.n_children != type.num_fields() || array.dictionary != nullptr) {
    return "an array that is not of its type's layout";
  }
  if ((array.n_buffers > 0 && array.buffers == nullptr) ||
      (array.n_children > 0 && array.children == nullptr)) {
    return "an array without its parts";
  }
  if (array.null_count > 0 && array.n_buffers > 0 && array.buffers[0] == nullptr) {
    return "an array with nulls and without their bits";
  }
  return "";
}

// What Arrow would read to learn how large the buffers are.
std::string OffsetsFault(const ArrowArray& array, int64_t* last) {
  *last = 0;
  if (array.length == 0) return "";
  const void* const offsets = array.buffers[1];
  if (offsets == nullptr) return "an array without offsets";
  if (reinterpret_cast<uintptr_t>(offsets) % alignof(int32_t) != 0) {
    return "an array with offsets that are not aligned";
  }
  int32_t end = 0;
  const auto at = static_cast<size_t>(array.offset + array.length);
  std::memcpy(&end, static_cast<const char*>(offsets) + at * sizeof end, sizeof end);
  *last = end;
  return end < 0 ? "an array with negative offsets" : "";
}

// Before Arrow looks at it: what Arrow takes for granted.
std::string ArrayFault(const ArrowArray& array, const arrow::DataType& type, int depth) {
  if (depth > kDepthMax) return "an array that is nested too deep";
  std::string fault = CountsFault(array, type);
  if (!fault.empty()) return fault;
  int64_t last = 0;
  const auto id = type.id();
  if (id == arrow::Type::STRING || id == arrow::Type::BINARY || id == arrow::Type::LIST) {
    fault = OffsetsFault(array, &last);
    if (!fault.empty()) return fault;
    const bool texts = id != arrow::Type::LIST;
    if (texts && last > 0 && array.buffers[2] == nullptr) return "an array without values";
  }
  for (int i = 0; i < type.num_fields(); ++i) {
    if (array.children[i] == nullptr || array.children[i]->release == nullptr) {
      return "an array without its parts";
    }
    fault = ArrayFault(*array.children[i], *type.field(i)->type(), depth + 1);
    if (!fault.empty()) return fault;
    if (id == arrow::Type::STRUCT && array.children[i]->length < array.offset + array.length) {
      return "columns of different lengths";
    }
    if (id == arrow::Type::LIST && array.children[i]->length < last) {
      return "a list with offsets beyond its elements";
    }
  }
  return "";
}

Status Gave(const std::string& what) { return MakeError(ErrorCode::kPluginFault, "gave " + what); }

}  // namespace

Result<arrow::ArrayVector> TakeForeign(ArrowArray* array,
                                       const std::shared_ptr<arrow::DataType>& type,
                                       int64_t length) {
  const Released guard(array);
  if (array->release == nullptr) return Gave("nothing");
  if (length != kAnyLength && array->length != length) {
    return Gave(std::to_string(array->length) + " rows for " + std::to_string(length));
  }
  const std::string fault = ArrayFault(*array, *type, 0);
  if (!fault.empty()) return Gave(fault);
  auto imported = arrow::ImportArray(array, type);
  if (!imported.ok()) return Gave("an array that cannot be read: " + imported.status().message());
  ARROW_ASSIGN_OR_RAISE(const auto own, (*imported)->CopyTo(arrow::default_cpu_memory_manager()));
  imported->reset();
  const Status valid = own->ValidateFull();
  if (!valid.ok()) return Gave("an array that is not valid: " + valid.message());
  if (own->null_count() > 0) return Gave("null in the place of a row");
  const auto& columns = static_cast<const arrow::StructArray&>(*own);
  arrow::ArrayVector fields;
  for (int i = 0; i < columns.num_fields(); ++i) fields.push_back(columns.field(i));
  return fields;
}

Result<std::shared_ptr<arrow::DataType>> AsColumnType(const arrow::DataType& type) {
  const auto same = contract::ParseType(contract::TypeText(type), nullptr);
  if (same.ok() && (*same)->id() == type.id()) return *same;
  return MakeError(ErrorCode::kPluginFault,
                   "the type " + type.ToString() + ", which columns cannot have");
}

}  // namespace millrace::op
