// Decimals are computed in 256 bits, where nothing overflows, and a row fails when its result does
// not fit the result's type. Nothing is ever rounded.
#include <arrow/util/decimal.h>

#include "expr/operations.h"

namespace millrace::expr {

namespace {

using arrow::Decimal128;
using arrow::Decimal256;

constexpr char kBeyond[] = "has more digits than its decimal type holds";

Decimal128 At(const arrow::Array& array, int64_t row) {
  return Decimal128(static_cast<const arrow::Decimal128Array&>(array).GetValue(row));
}

// REQUIRES: an array of decimals or integers.
Decimal256 WideAt(const Values& values, int64_t row) {
  if (values.array->type_id() == arrow::Type::INT64) {
    return Decimal256(static_cast<const arrow::Int64Array&>(*values.array).Value(row));
  }
  return Decimal256(At(*values.array, row));
}

std::optional<Decimal128> Narrow(const Decimal256& value, int precision) {
  if (!value.FitsInPrecision(precision)) return std::nullopt;
  const auto words = value.little_endian_array();
  return Decimal128(static_cast<int64_t>(words[1]), words[0]);
}

Decimal256 Scaled(const Decimal256& value, int places) {
  return places == 0 ? value : Decimal256(value.IncreaseScaleBy(places));
}

Result<Values> Arithmetic(const Rows& rows, const Node& node, const Arguments& arguments) {
  const Values &a = arguments[0], &b = arguments[1];
  const Type x = TypeOf(a), y = TypeOf(b);
  const char op = node.name[0];
  const Type type = op == '*' ? *DecimalProduct(x, y) : DecimalSum(x, y);
  return rows.Map<arrow::Decimal128Type>(
      ArrowTypeOf(type), Union(arguments),
      [&](int64_t row, Errors* errors) -> std::optional<Decimal128> {
        if (a.array->IsNull(row) || b.array->IsNull(row)) return std::nullopt;
        Decimal256 left = WideAt(a, row), right = WideAt(b, row);
        if (op == '*') {
          left *= right;
        } else {
          left = Scaled(left, type.scale - x.scale);
          right = Scaled(right, type.scale - y.scale);
          left += op == '+' ? right : -right;
        }
        const auto result = Narrow(left, type.precision);
        if (result) return result;
        return rows.Fail(node, row, "expr.overflow", kBeyond, errors);
      });
}

// minus and abs: all digits stay
Result<Values> Signed(const Rows& rows, const Node& node, const Values& argument) {
  const bool abs = node.name == "abs";
  return rows.Map<arrow::Decimal128Type>(
      argument.array->type(), argument.errors, [&](int64_t row, Errors*) {
        if (argument.array->IsNull(row)) return std::optional<Decimal128>();
        const Decimal128 value = At(*argument.array, row);
        return std::optional<Decimal128>(abs && !value.IsNegative() ? value : Decimal128(-value));
      });
}

}  // namespace

Result<Values> EvaluateDecimals(const Rows& rows, const Node& node, Arguments arguments) {
  if (arguments.size() == 1) return Signed(rows, node, arguments[0]);
  return Arithmetic(rows, node, arguments);
}

int CompareDecimals(const Values& a, const Values& b, int64_t row) {
  const int x = TypeOf(a).scale, y = TypeOf(b).scale;  // 0 of integers
  const Decimal256 left = Scaled(WideAt(a, row), std::max(0, y - x));
  const Decimal256 right = Scaled(WideAt(b, row), std::max(0, x - y));
  return left < right ? -1 : left > right ? 1 : 0;
}

Result<Values> ToDecimal(const Rows& rows, const Node& node, const Type& type, Values from) {
  const int places = type.scale - TypeOf(from).scale;
  return rows.Map<arrow::Decimal128Type>(
      ArrowTypeOf(type), std::move(from.errors),
      [&](int64_t row, Errors* errors) -> std::optional<Decimal128> {
        if (from.array->IsNull(row)) return std::nullopt;
        const auto value = Narrow(Scaled(WideAt(from, row), places), type.precision);
        if (value) return value;
        return rows.Fail(node, row, "expr.overflow", kBeyond, errors);
      });
}

}  // namespace millrace::expr
