// What an expression is worth in one row, by the words of docs/expressions.md: one value at a time,
// by recursion, without regard for speed. Shares no code with the evaluation.
#pragma once

#include "expr/testing/oracle_values.h"

namespace millrace::expr::testing {

/// Each column's value in the row, in the order of the schema.
using Row = std::vector<Value>;

class Oracle {
 public:
  Oracle(const std::vector<std::string>& columns, const Row& row) : columns_(columns), row_(row) {}

  Value Of(const Sample& sample) const { return Convert(Compute(sample), sample.type); }

 private:
  // As the type of the whole part has it: integers beside floating-point numbers, the finer unit.
  static Value Convert(Value value, const Type& type) {
    if (value.failed() || value.null()) return value;
    if (type.kind == Kind::kFloat && value.kind == Kind::kInt) {
      return Real(static_cast<double>(value.integer));
    }
    if (type.kind == Kind::kDecimal) {
      if (value.kind == Kind::kInt) value = Decimal(Big::Of(std::to_string(value.integer)), 0);
      value.decimal = value.decimal.TimesPowerOfTen(type.scale - value.scale);
      value.scale = type.scale;
      const bool fits = value.decimal.digits.size() <= static_cast<size_t>(type.precision);
      return fits ? value : Failure("expr.overflow");
    }
    if (type.kind == Kind::kTime || type.kind == Kind::kTimestamp) {
      const int64_t per_second = TicksPerSecond(type.unit);
      const __int128 ticks = static_cast<__int128>(value.integer) * (per_second / value.per_second);
      if (Integer(ticks).failed()) return Failure("expr.overflow");
      value.integer = static_cast<int64_t>(ticks);
      value.per_second = per_second;
    }
    return value;
  }

  Value Compute(const Sample& sample) const {
    const std::string& op = sample.op;
    const auto& arguments = sample.arguments;
    if (op == "literal") return sample.literal;
    if (op == "column") {
      for (size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i] == sample.written) return row_[i];
      }
    }
    if (op == "and" || op == "or") return Logic(op == "or", arguments[0], arguments[1]);
    if (op == "case" || op == "if") return Choose(arguments);
    if (op == "coalesce") {
      for (const Sample& argument : arguments) {
        const Value value = Convert(Of(argument), sample.type);
        if (!value.null()) return value;
      }
      return Null();
    }
    if (op == "try") {
      const Value value = Of(arguments[0]);
      return value.failed() ? Null() : value;
    }
    if (op == "in" || op == "between") return InOrBetween(op == "in", arguments);
    std::vector<Value> values;
    for (const Sample& argument : arguments) values.push_back(Of(argument));
    if (op == "nullif") {
      for (Value& value : values) value = Convert(value, sample.type);
    }
    for (const Value& value : values) {
      if (value.failed()) return value;
    }
    if (op == "is null") return Bool(values[0].null());
    if (op == "nullif") return IsTrue(Compare("=", values[0], values[1])) ? Null() : values[0];
    for (const Value& value : values) {
      if (value.null()) return Null();
    }
    return Strict(sample, values);
  }

  static bool IsTrue(const Value& value) { return value.kind == Kind::kBool && value.boolean; }

  static Value Combine(bool is_or, const Value& left, const Value& right) {
    if (left.failed()) return left;
    if (left.kind == Kind::kBool && left.boolean == is_or) return left;  // decided
    if (right.failed()) return right;
    if (right.kind == Kind::kBool && right.boolean == is_or) return right;
    return left.null() || right.null() ? Null() : Bool(!is_or);
  }
  Value Logic(bool is_or, const Sample& a, const Sample& b) const {
    return Combine(is_or, Of(a), Of(b));
  }

  Value Choose(const std::vector<Sample>& arguments) const {
    size_t i = 0;
    for (; i + 1 < arguments.size(); i += 2) {
      const Value condition = Of(arguments[i]);
      if (condition.failed()) return condition;
      if (IsTrue(condition)) return Of(arguments[i + 1]);
    }
    return Of(arguments[i]);
  }

  static Value CompareAny(const std::string& op, const Value& a, const Value& b) {
    if (a.failed()) return a;
    if (b.failed()) return b;
    return a.null() || b.null() ? Null() : Compare(op, a, b);
  }

  Value InOrBetween(bool in, const std::vector<Sample>& arguments) const {
    const Value value = Of(arguments[0]);
    Value result;
    for (size_t i = 1; i < arguments.size(); ++i) {
      const Value one = CompareAny(in ? "=" : i == 1 ? ">=" : "<=", value, Of(arguments[i]));
      result = i == 1 ? one : Combine(in, result, one);
    }
    return result;
  }

  static Value Compare(const std::string& op, const Value& a, const Value& b) {
    if (a.null() || b.null()) return Null();
    if (a.kind == Kind::kFloat || b.kind == Kind::kFloat) {  // not by order: nan has none
      const double x = a.kind == Kind::kInt ? static_cast<double>(a.integer) : a.real;
      const double y = b.kind == Kind::kInt ? static_cast<double>(b.integer) : b.real;
      return Bool(op == "="    ? x == y
                  : op == "!=" ? x != y
                  : op == "<"  ? x < y
                  : op == "<=" ? x <= y
                  : op == ">"  ? x > y
                               : x >= y);
    }
    const int order = OrderOf(a, b);
    return Bool(op == "="    ? order == 0
                : op == "!=" ? order != 0
                : op == "<"  ? order < 0
                : op == "<=" ? order <= 0
                : op == ">"  ? order > 0
                             : order >= 0);
  }

  static int OrderOf(const Value& a, const Value& b) {
    const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : x > y ? 1 : 0; };
    if (a.kind == Kind::kDecimal || b.kind == Kind::kDecimal) {
      const auto at_38 = [](const Value& value) {
        const Big digits =
            value.kind == Kind::kInt ? Big::Of(std::to_string(value.integer)) : value.decimal;
        return digits.TimesPowerOfTen(38 - (value.kind == Kind::kInt ? 0 : value.scale));
      };
      return Order(at_38(a), at_38(b));
    }
    if (a.kind == Kind::kText) return order(a.text, b.text);
    if (a.kind == Kind::kBool) return order(a.boolean, b.boolean);
    return order(static_cast<__int128>(a.integer) * b.per_second,
                 static_cast<__int128>(b.integer) * a.per_second);
  }

  Value Strict(const Sample& sample, const std::vector<Value>& values) const {
    const std::string& op = sample.op;
    if (op == "not") return Bool(!values[0].boolean);
    if (op.find_first_of("=<>") != std::string::npos) return Compare(op, values[0], values[1]);
    if (op == "||" || op == "concat") {
      std::string joined;
      for (const Value& value : values) joined += value.text;
      return Text(joined);
    }
    if (op == "negate" || op == "abs" || op.find_first_of("+-*/%") == 0) {
      return Arithmetic(op, sample.type, values);
    }
    if (op == "round") return Real(std::nearbyint(AsReal(values[0])));
    if (op == "floor") return Real(std::floor(AsReal(values[0])));
    if (op == "ceil") return Real(std::ceil(AsReal(values[0])));
    if (op == "int64") return ToInteger(values[0]);
    if (op == "float64") return ToReal(values[0]);
    if (op == "decimal") return ToDecimal(values[0], sample.type);
    if (op == "text") return Text(AsText(values[0]));
    if (op == "bool") return ToBool(values[0]);
    if (op == "date" || op == "time" || op == "timestamp" || op == "local_timestamp") {
      return ToMoment(values[0], sample.type);
    }
    if (op == "days_between") return Integer(DayOf(values[1]) - DayOf(values[0]));
    if (values[0].kind == Kind::kText) return OfText(op, values);
    return Integer(Part(op, values[0]));
  }

  static double AsReal(const Value& value) {
    return value.kind == Kind::kInt ? static_cast<double>(value.integer) : value.real;
  }

  static Value Arithmetic(const std::string& op, const Type& type, std::vector<Value> values) {
    const bool abs = op == "abs";
    if (op == "negate") values.insert(values.begin(), Integer(0));
    if (type.kind == Kind::kDecimal) return Decimals(op, values);
    if (type.kind == Kind::kInt) {
      const __int128 x = values[0].integer;
      if (abs) return Integer(x < 0 ? -x : x);
      const __int128 y = values[1].integer;
      if (op == "+") return Integer(x + y);
      if (op == "*") return Integer(x * y);
      if (op != "%") return Integer(x - y);
      return y == 0 ? Failure("expr.divide_by_zero") : Integer(x % y);
    }
    const double x = AsReal(values[0]);
    if (abs) return Real(std::fabs(x));
    const double y = AsReal(values[1]);
    if (op == "+") return Finite(x + y);
    if (op == "*") return Finite(x * y);
    if (op != "/") return Finite(x - y);
    return y == 0 ? Failure("expr.divide_by_zero") : Finite(x / y);
  }

  static Value Decimals(const std::string& op, std::vector<Value> values) {
    for (Value& value : values) {
      if (value.kind == Kind::kInt) value = Decimal(Big::Of(std::to_string(value.integer)), 0);
    }
    const Value& x = values[0];
    if (op == "abs") return Decimal(x.decimal.negative ? x.decimal.Minus() : x.decimal, x.scale);
    const Value& y = values[1];
    if (op == "*") return Decimal(Multiply(x.decimal, y.decimal), x.scale + y.scale);
    const int scale = std::max(x.scale, y.scale);
    const Big left = x.decimal.TimesPowerOfTen(scale - x.scale);
    const Big right = y.decimal.TimesPowerOfTen(scale - y.scale);
    return Decimal(Add(left, op == "+" ? right : right.Minus()), scale);
  }

  const std::vector<std::string>& columns_;
  const Row& row_;
};

}  // namespace millrace::expr::testing
