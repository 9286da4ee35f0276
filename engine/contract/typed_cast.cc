#include "contract/typed_cast.h"

#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

namespace millrace::contract {

namespace {

int IntegerDigits(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::INT8:
    case arrow::Type::UINT8:
      return 3;
    case arrow::Type::INT16:
    case arrow::Type::UINT16:
      return 5;
    case arrow::Type::INT32:
    case arrow::Type::UINT32:
      return 10;
    case arrow::Type::INT64:
      return 19;
    default:
      return 20;
  }
}

// Whether every value of `from` has an equal one in `to`, ranges aside: Arrow's safe cast fails on
// a value beyond the range, and then text gives each row its own verdict.
bool IsWidening(const arrow::DataType& from, const arrow::DataType& to) {
  using Type = arrow::Type;
  if (arrow::is_integer(from.id()) && arrow::is_integer(to.id())) return true;
  if (arrow::is_integer(from.id()) && to.id() == Type::DOUBLE)
    return arrow::bit_width(from.id()) <= 32;
  if (arrow::is_integer(from.id()) && to.id() == Type::FLOAT)
    return arrow::bit_width(from.id()) <= 16;
  if (arrow::is_integer(from.id()) && arrow::is_decimal(to.id())) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(to);
    return decimal.precision() - decimal.scale() >= IntegerDigits(from.id());
  }
  if (arrow::is_decimal(from.id()) && arrow::is_decimal(to.id())) {
    const auto& narrow = static_cast<const arrow::DecimalType&>(from);
    const auto& wide = static_cast<const arrow::DecimalType&>(to);
    return wide.scale() >= narrow.scale() &&
           wide.precision() - wide.scale() >= narrow.precision() - narrow.scale();
  }
  switch (from.id()) {
    case Type::NA:
      return true;
    case Type::HALF_FLOAT:
      return to.id() == Type::FLOAT || to.id() == Type::DOUBLE;
    case Type::FLOAT:
      return to.id() == Type::DOUBLE;
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return to.id() == Type::STRING;
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return to.id() == Type::BINARY;
    case Type::DATE64:
      return to.id() == Type::DATE32;
    case Type::TIME32:
      return to.id() == Type::TIME64 || to.id() == Type::TIME32;
    case Type::TIME64:
      return to.id() == Type::TIME64;
    case Type::TIMESTAMP: {
      if (to.id() != Type::TIMESTAMP) return false;
      // Both instants or both local times; the zone is a label of instants.
      const auto& a = static_cast<const arrow::TimestampType&>(from);
      const auto& b = static_cast<const arrow::TimestampType&>(to);
      return a.timezone().empty() == b.timezone().empty();
    }
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::LIST:
      return to.id() == Type::LIST && (from.field(0)->type()->Equals(to.field(0)->type()) ||
                                       IsWidening(*from.field(0)->type(), *to.field(0)->type()));
    default:
      return false;
  }
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> WidenTo(const std::shared_ptr<arrow::Array>& values,
                                              const std::shared_ptr<arrow::DataType>& type) {
  if (values->type()->Equals(type)) {
    if (values->type()->Equals(type, /*check_metadata=*/true)) return values;
    return values->View(type);  // only names and metadata of inner fields differ
  }
  if (!IsWidening(*values->type(), *type)) return std::shared_ptr<arrow::Array>();
  if (values->type_id() == arrow::Type::NA) return arrow::MakeArrayOfNull(type, values->length());
  auto cast = arrow::compute::Cast(*values, type, arrow::compute::CastOptions::Safe(type));
  if (cast.ok()) return cast;
  if (cast.status().IsOutOfMemory()) return cast.status();
  return std::shared_ptr<arrow::Array>();
}

}  // namespace millrace::contract
