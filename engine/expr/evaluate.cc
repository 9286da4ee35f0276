#include "expr/evaluate.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/scalar.h>

#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "expr/functions.h"
#include "expr/type_check.h"

namespace millrace::expr {
namespace {

namespace cp = arrow::compute;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using Errors = std::map<int64_t, RowError>;  // by row: rows with errors are few

/// Error rows are null in `values`, so that operators need not look at them.
struct Values {
  ArrayPtr array;
  Errors errors;
};

template <class ArrowType>
using ArrayOf = typename arrow::TypeTraits<ArrowType>::ArrayType;

class Evaluator {
 public:
  Evaluator(const std::string& text, const arrow::RecordBatch& batch)
      : text_(text), batch_(batch), rows_(batch.num_rows()) {}

  Result<Values> Run(const Node& node) {
    switch (node.kind) {
      case NodeKind::kLiteral:
        return FromLiteral(node.literal);
      case NodeKind::kColumn:
        return FromColumn(node);
      case NodeKind::kCall:
        break;
    }
    std::vector<Values> arguments;
    for (const auto& argument : node.arguments) {
      ARROW_ASSIGN_OR_RAISE(auto values, Run(*argument));
      arguments.push_back(std::move(values));
    }
    return Call(node, std::move(arguments));
  }

 private:
  Result<Values> FromLiteral(const Literal& literal) const {
    std::shared_ptr<arrow::Scalar> scalar;
    switch (literal.kind) {
      case Kind::kNull:
        return Nulls(arrow::null());
      case Kind::kBool:
        scalar = arrow::MakeScalar(literal.boolean);
        break;
      case Kind::kInt:
        scalar = arrow::MakeScalar(literal.integer);
        break;
      case Kind::kFloat:
        scalar = arrow::MakeScalar(literal.real);
        break;
      case Kind::kText:
        scalar = arrow::MakeScalar(literal.text);
        break;
    }
    ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeArrayFromScalar(*scalar, rows_));
    return Values{array, {}};
  }

  Result<Values> Nulls(const std::shared_ptr<arrow::DataType>& type) const {
    ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeArrayOfNull(type, rows_));
    return Values{array, {}};
  }

  Result<Values> FromColumn(const Node& node) const {
    Values values{batch_.GetColumnByName(node.name), {}};
    Kind kind = Kind::kNull;
    MILLRACE_CHECK(KindOfColumn(*values.array->type(), &kind));
    const auto type = ArrowTypeOf(kind);
    if (values.array->type()->Equals(type)) return values;
    if (values.array->type_id() == arrow::Type::UINT64) return FromUnsigned(node, *values.array);
    ARROW_ASSIGN_OR_RAISE(values.array, cp::Cast(*values.array, type));
    return values;
  }

  Result<Values> FromUnsigned(const Node& node, const arrow::Array& array) const {
    const auto& from = static_cast<const arrow::UInt64Array&>(array);
    return Map<arrow::Int64Type>({}, [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
      if (from.IsNull(row)) return std::nullopt;
      if (from.Value(row) <= static_cast<uint64_t>(INT64_MAX)) {
        return static_cast<int64_t>(from.Value(row));
      }
      return Fail(node, row, "expr.overflow", "is beyond 64-bit integers", errors);
    });
  }

  std::nullopt_t Fail(const Node& node, int64_t row, const char* rule, const std::string& what,
                      Errors* errors) const {
    errors->emplace(
        row,
        RowError{row, rule, "`" + text_.substr(node.begin, node.end - node.begin) + "` " + what});
    return std::nullopt;
  }

  // One value a row; nullopt is null.
  template <class ArrowType, class Function>
  Result<Values> Map(Errors errors, Function function) const {
    typename arrow::TypeTraits<ArrowType>::BuilderType builder;
    ARROW_RETURN_NOT_OK(builder.Reserve(rows_));
    for (int64_t row = 0; row < rows_; ++row) {
      const auto value = function(row, &errors);
      ARROW_RETURN_NOT_OK(value ? builder.Append(*value) : builder.AppendNull());
    }
    Values values;
    values.errors = std::move(errors);
    ARROW_ASSIGN_OR_RAISE(values.array, builder.Finish());
    return values;
  }

  static Errors Union(const std::vector<Values>& arguments) {
    Errors errors;
    for (const Values& values : arguments)
      errors.insert(values.errors.begin(), values.errors.end());
    return errors;
  }

  // Brings all to one kind: null takes any, integers become numbers beside numbers.
  Status Unify(std::vector<Values>* arguments, size_t first = 0) const {
    auto type = arrow::null();
    for (size_t i = first; i < arguments->size(); ++i) {
      const auto& other = (*arguments)[i].array->type();
      if (type->id() == arrow::Type::NA || other->id() == arrow::Type::DOUBLE) type = other;
    }
    for (size_t i = first; i < arguments->size(); ++i) {
      ARROW_RETURN_NOT_OK(To(type, &(*arguments)[i]));
    }
    return Status::OK();
  }

  Status To(const std::shared_ptr<arrow::DataType>& type, Values* values) const {
    if (values->array->type()->Equals(type)) return Status::OK();
    if (values->array->type_id() == arrow::Type::NA) {
      return arrow::MakeArrayOfNull(type, rows_).Value(&values->array);
    }
    const cp::CastOptions options = cp::CastOptions::Unsafe(type);  // only int64 to double
    return cp::Cast(*values->array, type, options).Value(&values->array);
  }

  Result<Values> Compute(const std::string& function, std::vector<Values> arguments,
                         const cp::FunctionOptions* options = nullptr) const {
    std::vector<arrow::Datum> data;
    for (const Values& values : arguments) data.emplace_back(values.array);
    ARROW_ASSIGN_OR_RAISE(auto datum, cp::CallFunction(function, data, options));
    return Values{datum.make_array(), Union(arguments)};
  }

  Result<Values> Call(const Node& node, std::vector<Values> arguments) {
    const std::string& name = node.name;
    if (name == "and" || name == "or") return Logic(name == "and", std::move(arguments));
    if (name == "not") {
      ARROW_RETURN_NOT_OK(To(arrow::boolean(), &arguments[0]));
      return Compute("invert", std::move(arguments));
    }
    if (name == "is null") {
      auto errors = arguments[0].errors;
      ARROW_ASSIGN_OR_RAISE(auto values, Compute("is_null", std::move(arguments)));
      return Masked(std::move(values.array), std::move(errors));
    }
    if (name == "case" || name == "if") return Choose(std::move(arguments));
    if (name == "in" || name == "between") return AnyOrBoth(name == "in", std::move(arguments));
    static const std::map<std::string, std::string> kComparisons = {
        {"=", "equal"},       {"!=", "not_equal"}, {"<", "less"},
        {"<=", "less_equal"}, {">", "greater"},    {">=", "greater_equal"}};
    const auto comparison = kComparisons.find(name);
    if (comparison != kComparisons.end()) {
      return Compare(comparison->second, std::move(arguments));
    }
    if (name == "+" || name == "-" || name == "*" || name == "/" || name == "%" ||
        name == "negate") {
      return Arithmetic(node, std::move(arguments));
    }
    return CallFunction(node, std::move(arguments));
  }

  // Rows with errors become null.
  Result<Values> Masked(ArrayPtr array, Errors errors) const {
    if (errors.empty()) return Values{std::move(array), {}};
    arrow::BooleanBuilder builder;
    for (int64_t row = 0; row < rows_; ++row) {
      ARROW_RETURN_NOT_OK(builder.Append(errors.count(row) == 0));
    }
    ARROW_ASSIGN_OR_RAISE(auto keep, builder.Finish());
    ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(array->type(), rows_));
    ARROW_ASSIGN_OR_RAISE(auto datum, cp::IfElse(keep, array, nulls));
    return Values{datum.make_array(), std::move(errors)};
  }

  bool IsBool(const Values& values, int64_t row, bool wanted) const {
    const auto& array = static_cast<const arrow::BooleanArray&>(*values.array);
    return array.IsValid(row) && array.Value(row) == wanted;
  }

  // The right side cannot fail a row that the left side decides.
  Result<Values> Logic(bool is_and, std::vector<Values> arguments) const {
    for (Values& values : arguments) ARROW_RETURN_NOT_OK(To(arrow::boolean(), &values));
    Errors errors = arguments[0].errors;
    for (const auto& [row, error] : arguments[1].errors) {
      if (!IsBool(arguments[0], row, !is_and)) errors.emplace(row, error);
    }
    ARROW_ASSIGN_OR_RAISE(auto values,
                          Compute(is_and ? "and_kleene" : "or_kleene", std::move(arguments)));
    return Masked(std::move(values.array), std::move(errors));
  }

  // condition, value, condition, value, ..., else. Only the chosen value can fail a row.
  Result<Values> Choose(std::vector<Values> arguments) const {
    std::vector<Values> conditions, results;
    for (size_t i = 0; i < arguments.size(); ++i) {
      const bool condition = i % 2 == 0 && i + 1 < arguments.size();
      (condition ? conditions : results).push_back(std::move(arguments[i]));
    }
    ARROW_RETURN_NOT_OK(Unify(&results));
    Values chosen = std::move(results.back());
    for (size_t i = conditions.size(); i-- > 0;) {
      ARROW_RETURN_NOT_OK(To(arrow::boolean(), &conditions[i]));
      Errors errors = conditions[i].errors;
      for (const auto& [row, error] : results[i].errors) {
        if (IsBool(conditions[i], row, true)) errors.emplace(row, error);
      }
      for (const auto& [row, error] : chosen.errors) {
        if (!IsBool(conditions[i], row, true)) errors.emplace(row, error);
      }
      const arrow::BooleanScalar no(false);
      ARROW_ASSIGN_OR_RAISE(auto decided,
                            cp::CallFunction("coalesce", {conditions[i].array, arrow::Datum(no)}));
      ARROW_ASSIGN_OR_RAISE(auto datum, cp::IfElse(decided, results[i].array, chosen.array));
      ARROW_ASSIGN_OR_RAISE(chosen, Masked(datum.make_array(), std::move(errors)));
    }
    return chosen;
  }

  Result<Values> Compare(const std::string& function, std::vector<Values> arguments) const {
    ARROW_RETURN_NOT_OK(Unify(&arguments));
    if (arguments[0].array->type_id() == arrow::Type::NA) return Nulls(arrow::boolean());
    return Compute(function, std::move(arguments));
  }

  Result<Values> AnyOrBoth(bool is_in, std::vector<Values> arguments) const {
    Values result;
    for (size_t i = 1; i < arguments.size(); ++i) {
      const char* function = is_in ? "equal" : i == 1 ? "greater_equal" : "less_equal";
      ARROW_ASSIGN_OR_RAISE(auto one, Compare(function, {arguments[0], arguments[i]}));
      if (i == 1) {
        result = std::move(one);
      } else {
        ARROW_ASSIGN_OR_RAISE(result, Logic(!is_in, {std::move(result), std::move(one)}));
      }
    }
    return result;
  }

  Result<Values> Arithmetic(const Node& node, std::vector<Values> arguments) const {
    if (node.name == "negate") {
      ARROW_ASSIGN_OR_RAISE(auto zero, FromLiteral(Literal{Kind::kInt, false, 0, 0, ""}));
      arguments.insert(arguments.begin(), std::move(zero));
    }
    ARROW_RETURN_NOT_OK(Unify(&arguments));
    const auto type = arguments[0].array->type_id();
    if (type == arrow::Type::NA) {
      return Nulls(node.name == "/" ? arrow::float64() : arrow::int64());
    }
    if (node.name == "/") {
      for (Values& values : arguments) ARROW_RETURN_NOT_OK(To(arrow::float64(), &values));
    } else if (type == arrow::Type::INT64) {
      return Integers(node, arguments);
    }
    return Reals(node, arguments);
  }

  Result<Values> Integers(const Node& node, const std::vector<Values>& arguments) const {
    const auto& a = static_cast<const arrow::Int64Array&>(*arguments[0].array);
    const auto& b = static_cast<const arrow::Int64Array&>(*arguments[1].array);
    const char op = node.name == "negate" ? '-' : node.name[0];
    return Map<arrow::Int64Type>(
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
              if (y == 0) return Fail(node, row, "expr.divide_by_zero", "divides by zero", errors);
              result = y == -1 ? 0 : x % y;
          }
          if (!overflow) return result;
          return Fail(node, row, "expr.overflow", "is beyond 64-bit integers", errors);
        });
  }

  Result<Values> Reals(const Node& node, const std::vector<Values>& arguments) const {
    const auto& a = static_cast<const arrow::DoubleArray&>(*arguments[0].array);
    const auto& b = static_cast<const arrow::DoubleArray&>(*arguments[1].array);
    const char op = node.name == "negate" ? '-' : node.name[0];
    return Map<arrow::DoubleType>(
        Union(arguments), [&](int64_t row, Errors* errors) -> std::optional<double> {
          if (a.IsNull(row) || b.IsNull(row)) return std::nullopt;
          const double x = a.Value(row), y = b.Value(row);
          if (op == '/' && y == 0) {
            return Fail(node, row, "expr.divide_by_zero", "divides by zero", errors);
          }
          const double result = op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y;
          if (std::isfinite(result)) return result;
          return Fail(node, row, "expr.overflow", "is no finite number", errors);
        });
  }

  Result<Values> CallFunction(const Node& node, std::vector<Values> arguments) const {
    const std::string& name = node.name;
    if (name == "try") {
      arguments[0].errors.clear();
      return std::move(arguments[0]);
    }
    if (name == "coalesce") return Coalesce(std::move(arguments));
    if (name == "nullif") return NullIf(std::move(arguments));
    if (name == "int64") return ToInteger(node, arguments[0]);
    if (name == "float64") return ToReal(node, arguments[0]);
    if (name == "text") return ToText(arguments[0]);
    if (name == "bool") return ToBool(node, arguments[0]);
    if (FindFunction(name)->arguments[0] == 'n') return OfNumber(node, std::move(arguments));
    return OfText(node, std::move(arguments));
  }

  // Later arguments cannot fail a row that an earlier one decides.
  Result<Values> Coalesce(std::vector<Values> arguments) const {
    ARROW_RETURN_NOT_OK(Unify(&arguments));
    Values result = std::move(arguments[0]);
    for (size_t i = 1; i < arguments.size(); ++i) {
      Errors errors = result.errors;
      for (const auto& [row, error] : arguments[i].errors) {
        if (result.array->IsNull(row)) errors.emplace(row, error);
      }
      ARROW_ASSIGN_OR_RAISE(auto datum,
                            cp::CallFunction("coalesce", {result.array, arguments[i].array}));
      ARROW_ASSIGN_OR_RAISE(result, Masked(datum.make_array(), std::move(errors)));
    }
    return result;
  }

  Result<Values> NullIf(std::vector<Values> arguments) const {
    ARROW_RETURN_NOT_OK(Unify(&arguments));
    ARROW_ASSIGN_OR_RAISE(auto equal, Compare("equal", arguments));
    ARROW_ASSIGN_OR_RAISE(auto nulls, Nulls(arguments[0].array->type()));
    return Choose({std::move(equal), std::move(nulls), std::move(arguments[0])});
  }

  Result<Values> OfNumber(const Node& node, std::vector<Values> arguments) const {
    if (arguments[0].array->type_id() == arrow::Type::NA) return Nulls(arrow::float64());
    if (node.name == "abs" && arguments[0].array->type_id() == arrow::Type::INT64) {
      const auto& from = static_cast<const arrow::Int64Array&>(*arguments[0].array);
      return Map<arrow::Int64Type>(
          arguments[0].errors, [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
            if (from.IsNull(row)) return std::nullopt;
            if (from.Value(row) != INT64_MIN) return std::abs(from.Value(row));
            return Fail(node, row, "expr.overflow", "is beyond 64-bit integers", errors);
          });
    }
    ARROW_RETURN_NOT_OK(To(arrow::float64(), &arguments[0]));
    const cp::RoundOptions halves_to_even(0, cp::RoundMode::HALF_TO_EVEN);
    const bool round = node.name == "round";
    return Compute(node.name, std::move(arguments), round ? &halves_to_even : nullptr);
  }

  Result<Values> OfText(const Node& node, std::vector<Values> arguments) const {
    const std::string& name = node.name;
    static const std::map<std::string, std::string> kKernels = {
        {"lower", "utf8_lower"},
        {"upper", "utf8_upper"},
        {"trim", "utf8_trim_whitespace"},
        {"ltrim", "utf8_ltrim_whitespace"},
        {"rtrim", "utf8_rtrim_whitespace"},
        {"starts_with", "starts_with"},
        {"ends_with", "ends_with"},
        {"contains", "match_substring"},
        {"regex_match", "match_substring_regex"}};
    if (name == "substr") return Substr(std::move(arguments));
    if (name == "concat") {
      for (Values& values : arguments) ARROW_RETURN_NOT_OK(To(arrow::utf8(), &values));
      ARROW_ASSIGN_OR_RAISE(auto empty, FromLiteral(Literal{Kind::kText, false, 0, 0, ""}));
      arguments.push_back(std::move(empty));
      return Compute("binary_join_element_wise", std::move(arguments));
    }
    ARROW_RETURN_NOT_OK(To(arrow::utf8(), &arguments[0]));
    std::vector<Values> subject = {std::move(arguments[0])};
    if (name == "length") {
      ARROW_ASSIGN_OR_RAISE(auto values, Compute("utf8_length", std::move(subject)));
      ARROW_RETURN_NOT_OK(cp::Cast(*values.array, arrow::int64()).Value(&values.array));
      return values;
    }
    if (name == "replace") {
      const cp::ReplaceSubstringOptions options(node.arguments[1]->literal.text,
                                                node.arguments[2]->literal.text);
      return Compute("replace_substring", std::move(subject), &options);
    }
    if (name == "regex_extract") {
      const cp::ExtractRegexOptions options(node.arguments[1]->literal.text);
      ARROW_ASSIGN_OR_RAISE(auto values, Compute("extract_regex", std::move(subject), &options));
      ARROW_ASSIGN_OR_RAISE(
          values.array, static_cast<const arrow::StructArray&>(*values.array).GetFlattenedField(0));
      return values;
    }
    if (arguments.size() == 1) return Compute(kKernels.at(name), std::move(subject));
    const cp::MatchSubstringOptions options(node.arguments[1]->literal.text);
    return Compute(kKernels.at(name), std::move(subject), &options);
  }

  Result<Values> Substr(std::vector<Values> arguments) const {
    ARROW_RETURN_NOT_OK(To(arrow::utf8(), &arguments[0]));
    for (size_t i = 1; i < arguments.size(); ++i) {
      ARROW_RETURN_NOT_OK(To(arrow::int64(), &arguments[i]));
    }
    const auto& texts = static_cast<const arrow::StringArray&>(*arguments[0].array);
    const auto& starts = static_cast<const arrow::Int64Array&>(*arguments[1].array);
    const auto* counts = arguments.size() > 2
                             ? static_cast<const arrow::Int64Array*>(arguments[2].array.get())
                             : nullptr;
    return Map<arrow::StringType>(
        Union(arguments), [&](int64_t row, Errors*) -> std::optional<std::string_view> {
          if (texts.IsNull(row) || starts.IsNull(row)) return std::nullopt;
          if (counts != nullptr && counts->IsNull(row)) return std::nullopt;
          const int64_t start = std::max<int64_t>(1, starts.Value(row));
          const int64_t count = counts != nullptr ? std::max<int64_t>(0, counts->Value(row)) : -1;
          return CodePoints(texts.GetView(row), start, count);
        });
  }

  // `count` code points from the `start`th; all when count < 0.
  static std::string_view CodePoints(std::string_view text, int64_t start, int64_t count) {
    size_t begin = text.size(), end = text.size();
    int64_t number = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if ((static_cast<uint8_t>(text[i]) & 0xc0) == 0x80) continue;
      ++number;
      if (number == start) begin = i;
      if (count >= 0 && begin < text.size() && number - start == count) {
        end = i;
        break;
      }
    }
    return begin < end ? text.substr(begin, end - begin) : std::string_view();
  }

  template <class Number>
  static bool Parses(std::string_view text, Number* value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return error == std::errc() && end == text.data() + text.size();
  }

  Result<Values> ToInteger(const Node& node, const Values& from) const {
    const auto type = from.array->type_id();
    if (type == arrow::Type::INT64) return from;
    return Map<arrow::Int64Type>(
        from.errors, [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
          if (from.array->IsNull(row)) return std::nullopt;
          int64_t value = 0;
          if (type == arrow::Type::STRING) {
            if (Parses(static_cast<const arrow::StringArray&>(*from.array).GetView(row), &value)) {
              return value;
            }
          } else if (type == arrow::Type::BOOL) {
            return IsBool(from, row, true) ? 1 : 0;
          } else {
            const double real = static_cast<const arrow::DoubleArray&>(*from.array).Value(row);
            constexpr double kLimit = 9223372036854775808.0;  // 2^63
            if (real == std::floor(real) && real >= -kLimit && real < kLimit) {
              return static_cast<int64_t>(real);
            }
          }
          return Fail(node, row, "expr.cast", "is no integer", errors);
        });
  }

  Result<Values> ToReal(const Node& node, const Values& from) const {
    const auto type = from.array->type_id();
    if (type == arrow::Type::DOUBLE) return from;
    if (type == arrow::Type::INT64 || type == arrow::Type::NA) {
      Values values = from;
      ARROW_RETURN_NOT_OK(To(arrow::float64(), &values));
      return values;
    }
    return Map<arrow::DoubleType>(
        from.errors, [&](int64_t row, Errors* errors) -> std::optional<double> {
          if (from.array->IsNull(row)) return std::nullopt;
          if (type == arrow::Type::BOOL) return IsBool(from, row, true) ? 1.0 : 0.0;
          double value = 0;
          if (Parses(static_cast<const arrow::StringArray&>(*from.array).GetView(row), &value) &&
              std::isfinite(value)) {
            return value;
          }
          return Fail(node, row, "expr.cast", "is no number", errors);
        });
  }

  Result<Values> ToText(const Values& from) const {
    const auto type = from.array->type_id();
    if (type == arrow::Type::STRING) return from;
    return Map<arrow::StringType>(
        from.errors, [&](int64_t row, Errors*) -> std::optional<std::string> {
          if (from.array->IsNull(row)) return std::nullopt;
          if (type == arrow::Type::BOOL) return IsBool(from, row, true) ? "true" : "false";
          char text[32];
          const auto end =
              type == arrow::Type::INT64
                  ? std::to_chars(text, text + sizeof text,
                                  static_cast<const arrow::Int64Array&>(*from.array).Value(row))
                  : std::to_chars(text, text + sizeof text,
                                  static_cast<const arrow::DoubleArray&>(*from.array).Value(row));
          return std::string(text, end.ptr);
        });
  }

  Result<Values> ToBool(const Node& node, const Values& from) const {
    const auto type = from.array->type_id();
    if (type == arrow::Type::BOOL) return from;
    ARROW_ASSIGN_OR_RAISE(auto texts, ToText(from));
    const auto& array = static_cast<const arrow::StringArray&>(*texts.array);
    const bool number = type == arrow::Type::INT64 || type == arrow::Type::DOUBLE;
    return Map<arrow::BooleanType>(from.errors,
                                   [&](int64_t row, Errors* errors) -> std::optional<bool> {
                                     if (array.IsNull(row)) return std::nullopt;
                                     const std::string_view text = array.GetView(row);
                                     if (text == (number ? "1" : "true")) return true;
                                     if (text == (number ? "0" : "false")) return false;
                                     return Fail(node, row, "expr.cast", "is no bool", errors);
                                   });
  }

  const std::string& text_;
  const arrow::RecordBatch& batch_;
  const int64_t rows_;
};

}  // namespace

Result<Evaluation> EvaluateNode(const std::string& text, const Node& node,
                                const arrow::RecordBatch& batch) {
  ARROW_RETURN_NOT_OK(cp::Initialize());
  ARROW_ASSIGN_OR_RAISE(auto values, Evaluator(text, batch).Run(node));
  Evaluation evaluation;
  evaluation.values = std::move(values.array);
  for (auto& [row, error] : values.errors) evaluation.errors.push_back(std::move(error));
  return evaluation;
}

}  // namespace millrace::expr
