#include "expr/types.h"

#include <arrow/type_traits.h>

#include <algorithm>

namespace millrace::expr {

namespace {

constexpr int kIntegerDigits = 19;

Type Simple(Kind kind) {
  Type type;
  type.kind = kind;
  return type;
}

// A decimal with room for that many digits on both sides of the point, as far as there is room.
Type DecimalOf(int whole, int scale) {
  return DecimalType(std::min(kDecimalDigitsMax, whole + scale), scale);
}

int WholeDigits(const Type& type) { return type.precision - type.scale; }

// Operands of decimal arithmetic: an integer is a decimal without places, null is as the other.
std::pair<Type, Type> AsDecimals(Type a, Type b) {
  if (a.kind == Kind::kInt) a = DecimalType(kIntegerDigits, 0);
  if (b.kind == Kind::kInt) b = DecimalType(kIntegerDigits, 0);
  if (a.kind == Kind::kNull) a = b;
  if (b.kind == Kind::kNull) b = a;
  return {a, b};
}

}  // namespace

Type DecimalType(int precision, int scale) {
  Type type = Simple(Kind::kDecimal);
  type.precision = precision;
  type.scale = scale;
  return type;
}

std::shared_ptr<arrow::DataType> ArrowTypeOf(const Type& type) {
  switch (type.kind) {
    case Kind::kNull:
      return arrow::null();
    case Kind::kBool:
      return arrow::boolean();
    case Kind::kInt:
      return arrow::int64();
    case Kind::kFloat:
      return arrow::float64();
    case Kind::kDecimal:
      return arrow::decimal128(type.precision, type.scale);
    case Kind::kText:
      return arrow::utf8();
    case Kind::kDate:
      return arrow::date32();
    case Kind::kTime:
      if (type.unit == arrow::TimeUnit::SECOND || type.unit == arrow::TimeUnit::MILLI) {
        return arrow::time32(type.unit);
      }
      return arrow::time64(type.unit);
    case Kind::kTimestamp:
      return arrow::timestamp(type.unit, type.zone);
  }
  return arrow::null();
}

std::optional<Type> TypeOfColumn(const arrow::DataType& type) {
  if (arrow::is_integer(type.id())) return Simple(Kind::kInt);
  switch (type.id()) {
    case arrow::Type::NA:
      return Simple(Kind::kNull);
    case arrow::Type::BOOL:
      return Simple(Kind::kBool);
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return Simple(Kind::kFloat);
    case arrow::Type::STRING:
      return Simple(Kind::kText);
    case arrow::Type::DATE32:
      return Simple(Kind::kDate);
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      if (decimal.scale() < 0 || decimal.scale() > decimal.precision()) return std::nullopt;
      return DecimalType(decimal.precision(), decimal.scale());
    }
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: {
      Type time = Simple(Kind::kTime);
      time.unit = static_cast<const arrow::TimeType&>(type).unit();
      return time;
    }
    case arrow::Type::TIMESTAMP: {
      Type timestamp = Simple(Kind::kTimestamp);
      timestamp.unit = static_cast<const arrow::TimestampType&>(type).unit();
      timestamp.zone = static_cast<const arrow::TimestampType&>(type).timezone();
      return timestamp;
    }
    default:
      return std::nullopt;
  }
}

std::optional<Type> CommonType(const Type& a, const Type& b) {
  if (b.kind == Kind::kNull) return a;
  if (a.kind == Kind::kNull) return b;
  const auto are = [&](Kind x, Kind y) {
    return (a.kind == x && b.kind == y) || (a.kind == y && b.kind == x);
  };
  if (are(Kind::kInt, Kind::kFloat)) return Simple(Kind::kFloat);
  if (are(Kind::kInt, Kind::kDecimal) || are(Kind::kDecimal, Kind::kDecimal)) {
    const auto [x, y] = AsDecimals(a, b);
    return DecimalOf(std::max(WholeDigits(x), WholeDigits(y)), std::max(x.scale, y.scale));
  }
  if (a.kind != b.kind) return std::nullopt;
  Type common = a;
  common.unit = std::max(a.unit, b.unit);
  if (a.zone.empty() != b.zone.empty()) return std::nullopt;
  if (a.zone != b.zone) common.zone = "UTC";
  return common;
}

Type DecimalSum(const Type& a, const Type& b) {
  const auto [x, y] = AsDecimals(a, b);
  return DecimalOf(std::max(WholeDigits(x), WholeDigits(y)) + 1, std::max(x.scale, y.scale));
}

std::optional<Type> DecimalProduct(const Type& a, const Type& b) {
  const auto [x, y] = AsDecimals(a, b);
  if (x.scale + y.scale > kDecimalDigitsMax) return std::nullopt;
  return DecimalOf(WholeDigits(x) + WholeDigits(y), x.scale + y.scale);
}

std::string NameOf(const Type& type) {
  switch (type.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "a bool";
    case Kind::kInt:
      return "an integer";
    case Kind::kFloat:
      return "a floating-point number";
    case Kind::kDecimal:
      return "a decimal";
    case Kind::kText:
      return "a text";
    case Kind::kDate:
      return "a date";
    case Kind::kTime:
      return "a time";
    case Kind::kTimestamp:
      return type.zone.empty() ? "a local timestamp" : "a timestamp";
  }
  return "null";
}

}  // namespace millrace::expr
