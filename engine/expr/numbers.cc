// Arithmetic of integers, which never wrap, and of floating-point numbers, which stay finite.
#include <arrow/compute/api_scalar.h>
#include <arrow/scalar.h>

#include <cmath>

#include "expr/operations.h"

namespace millrace::expr {

namespace {

namespace cp = arrow::compute;

constexpr char kBeyond[] = "is beyond 64-bit integers";

char OperatorOf(const Node& node) { return node.name == "negate" ? '-' : node.name[0]; }

Result<Values> Integers(const Rows& rows, const Node& node, const Arguments& arguments) {
  const auto& a = static_cast<const arrow::Int64Array&>(*arguments[0].array);
  const auto& b = static_cast<const arrow::Int64Array&>(*arguments[1].array);
  const char op = OperatorOf(node);
  return rows.Map<arrow::Int64Type>(
      Union(arguments), [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
        if (a.IsNull(row) || b.IsNull(row)) return std::nullopt;
        const int64_t x = a.Value(row), y = b.Value(row);
        int64_t result = 0;
        bool overflow = false;
        switch (op) {
          case '+':
            overflow = __builtin_add_overflow(x, y, &result);
            break;
          case '-':
            overflow = __builtin_sub_overflow(x, y, &result);
            break;
          case '*':
            overflow = __builtin_mul_overflow(x, y, &result);
            break;
          default:
            if (y == 0) {
              return rows.Fail(node, row, "expr.divide_by_zero", "divides by zero", errors);
            }
            result = y == -1 ? 0 : x % y;
        }
        if (!overflow) return result;
        return rows.Fail(node, row, "expr.overflow", kBeyond, errors);
      });
}

Result<Values> Reals(const Rows& rows, const Node& node, const Arguments& arguments) {
  const auto& a = static_cast<const arrow::DoubleArray&>(*arguments[0].array);
  const auto& b = static_cast<const arrow::DoubleArray&>(*arguments[1].array);
  const char op = OperatorOf(node);
  return rows.Map<arrow::DoubleType>(
      Union(arguments), [&](int64_t row, Errors* errors) -> std::optional<double> {
        if (a.IsNull(row) || b.IsNull(row)) return std::nullopt;
        const double x = a.Value(row), y = b.Value(row);
        if (op == '/' && y == 0) {
          return rows.Fail(node, row, "expr.divide_by_zero", "divides by zero", errors);
        }
        const double result = op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y;
        if (std::isfinite(result)) return result;
        return rows.Fail(node, row, "expr.overflow", "is no finite number", errors);
      });
}

Result<Values> Arithmetic(const Rows& rows, const Node& node, Arguments arguments) {
  if (node.name == "negate") {
    ARROW_ASSIGN_OR_RAISE(auto zero, rows.Constant(arrow::Int64Scalar(0)));
    arguments.insert(arguments.begin(), std::move(zero));
  }
  ARROW_RETURN_NOT_OK(rows.Unify(node, &arguments));
  Type type = TypeOf(arguments[0]);
  if (type.kind == Kind::kNull) type.kind = Kind::kInt;
  if (node.name == "/") type.kind = Kind::kFloat;
  for (Values& values : arguments) ARROW_RETURN_NOT_OK(rows.To(node, type, &values));
  return type.kind == Kind::kInt ? Integers(rows, node, arguments) : Reals(rows, node, arguments);
}

Result<Values> AbsoluteInteger(const Rows& rows, const Node& node, const Values& argument) {
  const auto& from = static_cast<const arrow::Int64Array&>(*argument.array);
  return rows.Map<arrow::Int64Type>(argument.errors,
                                    [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
                                      if (from.IsNull(row)) return std::nullopt;
                                      if (from.Value(row) != INT64_MIN)
                                        return std::abs(from.Value(row));
                                      return rows.Fail(node, row, "expr.overflow", kBeyond, errors);
                                    });
}

}  // namespace

Result<Values> EvaluateNumbers(const Rows& rows, const Node& node, Arguments arguments) {
  if (node.name == "negate" || node.name.size() == 1) {
    return Arithmetic(rows, node, std::move(arguments));
  }
  Type type = TypeOf(arguments[0]);
  if (node.name == "abs" && type.kind == Kind::kInt) {
    return AbsoluteInteger(rows, node, arguments[0]);
  }
  type.kind = Kind::kFloat;
  ARROW_RETURN_NOT_OK(rows.To(node, type, &arguments[0]));
  const cp::RoundOptions halves_to_even(0, cp::RoundMode::HALF_TO_EVEN);
  const bool round = node.name == "round";
  return Rows::Compute(node.name, std::move(arguments), round ? &halves_to_even : nullptr);
}

}  // namespace millrace::expr
