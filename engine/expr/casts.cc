// int64, float64, decimal, text, bool: strict and lossless, but for the nearest double of a
// decimal.
#include <arrow/util/decimal.h>

#include <charconv>
#include <cmath>

#include "base/decimal_text.h"
#include "base/iso_time.h"
#include "expr/operations.h"

namespace millrace::expr {

namespace {

using arrow::Decimal128;

template <class Number>
bool Parses(std::string_view text, Number* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

// One value at a time, as the array's type has it.
class Reader {
 public:
  explicit Reader(const Values& values) : array_(*values.array), type_(TypeOf(values)) {}

  const Type& type() const { return type_; }
  bool Bool(int64_t row) const { return As<arrow::BooleanArray>().Value(row); }
  int64_t Integer(int64_t row) const { return As<arrow::Int64Array>().Value(row); }
  double Real(int64_t row) const { return As<arrow::DoubleArray>().Value(row); }
  std::string_view Text(int64_t row) const { return As<arrow::StringArray>().GetView(row); }
  Decimal128 Decimal(int64_t row) const {
    return Decimal128(As<arrow::Decimal128Array>().GetValue(row));
  }
  int64_t Ticks(int64_t row) const {
    if (array_.type_id() == arrow::Type::DATE32) return As<arrow::Date32Array>().Value(row);
    if (array_.type_id() == arrow::Type::TIME32) return As<arrow::Time32Array>().Value(row);
    if (array_.type_id() == arrow::Type::TIME64) return As<arrow::Time64Array>().Value(row);
    return As<arrow::TimestampArray>().Value(row);
  }

  std::string AsText(int64_t row) const {
    std::string text;
    switch (type_.kind) {
      case Kind::kBool:
        return Bool(row) ? "true" : "false";
      case Kind::kInt:
        return std::to_string(Integer(row));
      case Kind::kFloat: {
        char buffer[32];
        return {buffer, std::to_chars(buffer, buffer + sizeof buffer, Real(row)).ptr};
      }
      case Kind::kDecimal:
        return DecimalText(Decimal(row).ToIntegerString(), type_.scale);
      case Kind::kDate:
        AppendIsoDate(Ticks(row), &text);
        return text;
      case Kind::kTime:
        AppendIsoTime(Ticks(row), TicksPerSecond(type_.unit), &text);
        return text;
      case Kind::kTimestamp:
        AppendIsoMoment(Ticks(row), TicksPerSecond(type_.unit), !type_.zone.empty(), &text);
        return text;
      default:
        return std::string(Text(row));
    }
  }

 private:
  template <class ArrayType>
  const ArrayType& As() const {
    return static_cast<const ArrayType&>(array_);
  }

  const arrow::Array& array_;
  const Type type_;
};

// `digits` without a point as a whole number, where nothing but zeros are cut off.
std::optional<int64_t> WholeOf(std::string text) {
  if (const size_t point = text.find('.'); point != std::string::npos) {
    if (text.find_first_not_of('0', point + 1) != std::string::npos) return std::nullopt;
    text.resize(point);
  }
  int64_t value = 0;
  return Parses(text, &value) ? std::optional<int64_t>(value) : std::nullopt;
}

std::optional<int64_t> IntegerOf(const Reader& from, int64_t row) {
  switch (from.type().kind) {
    case Kind::kText: {
      int64_t value = 0;
      return Parses(from.Text(row), &value) ? std::optional<int64_t>(value) : std::nullopt;
    }
    case Kind::kBool:
      return from.Bool(row) ? 1 : 0;
    case Kind::kDecimal:
      return WholeOf(from.AsText(row));
    default: {
      const double real = from.Real(row);
      constexpr double kLimit = 9223372036854775808.0;  // 2^63
      if (real != std::floor(real) || real < -kLimit || real >= kLimit) return std::nullopt;
      return static_cast<int64_t>(real);
    }
  }
}

std::optional<double> RealOf(const Reader& from, int64_t row) {
  if (from.type().kind == Kind::kInt) return static_cast<double>(from.Integer(row));
  if (from.type().kind == Kind::kBool) return from.Bool(row) ? 1.0 : 0.0;
  double value = 0;
  if (Parses(from.AsText(row), &value) && std::isfinite(value)) return value;
  return std::nullopt;
}

// Digits with at most one point among them, as a number of `type`: no exponent, nothing rounded.
std::optional<Decimal128> DecimalOfText(std::string_view text, const Type& type) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string_view places = point < text.size() ? text.substr(point + 1) : std::string_view();
  const auto is_digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!is_digits(digits) || (point < text.size() && !is_digits(places))) return std::nullopt;
  const auto scale = static_cast<size_t>(type.scale);
  if (places.find_first_not_of('0', std::min(scale, places.size())) != std::string_view::npos) {
    return std::nullopt;
  }
  digits += places.substr(0, scale);
  digits.append(scale - std::min(scale, places.size()), '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  if (digits.size() > static_cast<size_t>(type.precision)) return std::nullopt;
  const Decimal128 value(digits);
  return negative ? Decimal128(-value) : value;
}

std::optional<Decimal128> DecimalOf(const Reader& from, int64_t row, const Type& type) {
  switch (from.type().kind) {
    case Kind::kBool:
      return DecimalOfText(from.Bool(row) ? "1" : "0", type);
    case Kind::kFloat: {
      if (!std::isfinite(from.Real(row))) return std::nullopt;
      char text[1100];  // the smallest double has 1074 places
      const auto end =
          std::to_chars(text, text + sizeof text, from.Real(row), std::chars_format::fixed);
      return DecimalOfText({text, static_cast<size_t>(end.ptr - text)}, type);
    }
    default:
      return DecimalOfText(from.AsText(row), type);
  }
}

std::optional<bool> BoolOf(const Reader& from, int64_t row) {
  if (from.type().kind == Kind::kText) {
    if (from.Text(row) == "true") return true;
    return from.Text(row) == "false" ? std::optional<bool>(false) : std::nullopt;
  }
  const auto whole =
      from.type().kind == Kind::kInt ? from.Integer(row) : IntegerOf(from, row).value_or(-1);
  return whole == 0 || whole == 1 ? std::optional<bool>(whole == 1) : std::nullopt;
}

// `convert(row)` where there is a value; a row fails where it gives none.
template <class ArrowType, class Convert>
Result<Values> Each(const Rows& rows, const Node& node, const Values& from,
                    const std::shared_ptr<arrow::DataType>& type, const std::string& otherwise,
                    Convert convert) {
  using Optional = decltype(convert(0));
  return rows.Map<ArrowType>(type, from.errors, [&](int64_t row, Errors* errors) -> Optional {
    if (from.array->IsNull(row)) return std::nullopt;
    Optional value = convert(row);
    if (!value) rows.Fail(node, row, "expr.cast", otherwise, errors);
    return value;
  });
}

}  // namespace

Result<Values> EvaluateCast(const Rows& rows, const Node& node, const Values& from) {
  const Reader reader(from);
  const std::string& name = node.name;
  if (name == "decimal") {
    const Type type = DecimalType(static_cast<int>(node.arguments[1]->literal.integer),
                                  static_cast<int>(node.arguments[2]->literal.integer));
    const auto arrow_type = ArrowTypeOf(type);
    const std::string otherwise = "is no " + std::string("decimal(") +
                                  std::to_string(type.precision) + ", " +
                                  std::to_string(type.scale) + ")";
    return Each<arrow::Decimal128Type>(rows, node, from, arrow_type, otherwise,
                                       [&](int64_t row) { return DecimalOf(reader, row, type); });
  }
  if (name == "int64") {
    if (reader.type().kind == Kind::kInt) return from;
    return Each<arrow::Int64Type>(rows, node, from, arrow::int64(), "is no integer",
                                  [&](int64_t row) { return IntegerOf(reader, row); });
  }
  if (name == "float64") {
    if (reader.type().kind == Kind::kFloat) return from;
    return Each<arrow::DoubleType>(rows, node, from, arrow::float64(), "is no number",
                                   [&](int64_t row) { return RealOf(reader, row); });
  }
  if (name == "bool") {
    if (reader.type().kind == Kind::kBool) return from;
    return Each<arrow::BooleanType>(rows, node, from, arrow::boolean(), "is no bool",
                                    [&](int64_t row) { return BoolOf(reader, row); });
  }
  if (reader.type().kind == Kind::kText) return from;
  return Each<arrow::StringType>(rows, node, from, arrow::utf8(), "is no text", [&](int64_t row) {
    return std::optional<std::string>(reader.AsText(row));
  });
}

}  // namespace millrace::expr
