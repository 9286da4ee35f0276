#include "expr/evaluate.h"

#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/scalar.h>
#include <arrow/util/decimal.h>

#include "expr/column_path.h"
#include "expr/functions.h"
#include "expr/number_literal.h"
#include "expr/operations.h"
#include "expr/type_check.h"

namespace millrace::expr {
namespace {

class Evaluator {
 public:
  Evaluator(const std::string& text, const arrow::RecordBatch& batch)
      : rows_(text, batch.num_rows()), batch_(batch) {}

  Result<Values> Run(const Node& node) const {
    switch (node.kind) {
      case NodeKind::kLiteral:
        return FromLiteral(node.literal);
      case NodeKind::kColumn:
        return FromColumn(node);
      case NodeKind::kCall:
        break;
    }
    Arguments arguments;
    std::vector<Type> types;
    for (const auto& argument : node.arguments) {
      ARROW_ASSIGN_OR_RAISE(auto values, Run(*argument));
      types.push_back(TypeOf(values));
      arguments.push_back(std::move(values));
    }
    const std::vector<bool> decimals = ReadAsDecimals(node, types);
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (!decimals[i]) continue;
      const auto literal = DecimalOfLiteral(*node.arguments[i]);
      const arrow::Decimal128Scalar scalar(arrow::Decimal128(literal->digits),
                                           ArrowTypeOf(literal->type));
      ARROW_ASSIGN_OR_RAISE(arguments[i], rows_.Constant(scalar));
    }
    return Call(node, std::move(arguments));
  }

 private:
  Result<Values> FromLiteral(const Literal& literal) const {
    switch (literal.kind) {
      case Kind::kBool:
        return rows_.Constant(arrow::BooleanScalar(literal.boolean));
      case Kind::kInt:
        return rows_.Constant(arrow::Int64Scalar(literal.integer));
      case Kind::kFloat:
        return rows_.Constant(arrow::DoubleScalar(literal.real));
      case Kind::kText:
        return rows_.Constant(arrow::StringScalar(literal.text));
      default:
        return rows_.Nulls(arrow::null());
    }
  }

  Result<Values> FromColumn(const Node& node) const {
    const auto path = ColumnPath::Find(*batch_.schema(), node.name, node.quoted);
    MILLRACE_CHECK(path.has_value());
    Values values;
    ARROW_ASSIGN_OR_RAISE(values.array, path->In(batch_));
    const auto type = ArrowTypeOf(TypeOf(values));
    if (values.array->type()->Equals(type)) return values;
    if (values.array->type_id() == arrow::Type::UINT64) return FromUnsigned(node, *values.array);
    ARROW_ASSIGN_OR_RAISE(values.array, arrow::compute::Cast(*values.array, type));
    return values;
  }

  Result<Values> FromUnsigned(const Node& node, const arrow::Array& array) const {
    const auto& from = static_cast<const arrow::UInt64Array&>(array);
    return rows_.Map<arrow::Int64Type>(
        {}, [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
          if (from.IsNull(row)) return std::nullopt;
          if (from.Value(row) <= static_cast<uint64_t>(INT64_MAX)) {
            return static_cast<int64_t>(from.Value(row));
          }
          return rows_.Fail(node, row, "expr.overflow", "is beyond 64-bit integers", errors);
        });
  }

  Result<Values> Call(const Node& node, Arguments arguments) const {
    const std::string& name = node.name;
    const Function* function = FindFunction(name);
    if (function == nullptr) return Operator(node, std::move(arguments));
    if (name == "try") {
      arguments[0].errors.clear();
      return std::move(arguments[0]);
    }
    if (name == "coalesce" || name == "nullif" || name == "if") {
      return EvaluateChoice(rows_, node, std::move(arguments));
    }
    if (name == "days_between") return EvaluateDaysBetween(rows_, node, std::move(arguments));
    switch (function->arguments[0]) {
      case 'a':  // text
      case 'x':
        return EvaluateCast(rows_, node, arguments[0]);
      case 'm':
      case 'w':
        return EvaluateMoment(rows_, node, arguments[0]);
      case 'd':
      case 'c':
        return EvaluateMomentPart(rows_, node, arguments[0]);
      case 'n':
      case 'f':
        return Numbers(node, std::move(arguments));
      default:
        return EvaluateTexts(rows_, node, std::move(arguments));
    }
  }

  Result<Values> Operator(const Node& node, Arguments arguments) const {
    const std::string& name = node.name;
    if (name == "and" || name == "or" || name == "not" || name == "is null") {
      return EvaluateLogic(rows_, node, std::move(arguments));
    }
    if (name == "like" || name == "ilike") {
      return EvaluateTextParts(rows_, node, std::move(arguments));
    }
    if (name == "case") return EvaluateChoice(rows_, node, std::move(arguments));
    if (name == "negate" || (name.size() == 1 && name.find_first_of("+-*/%") == 0)) {
      return Numbers(node, std::move(arguments));
    }
    return EvaluateComparison(rows_, node, std::move(arguments));
  }

  Result<Values> Numbers(const Node& node, Arguments arguments) const {
    bool decimal = false;
    for (const Values& values : arguments) decimal |= TypeOf(values).kind == Kind::kDecimal;
    return decimal ? EvaluateDecimals(rows_, node, std::move(arguments))
                   : EvaluateNumbers(rows_, node, std::move(arguments));
  }

  const Rows rows_;
  const arrow::RecordBatch& batch_;
};

}  // namespace

Result<Evaluation> EvaluateNode(const std::string& text, const Node& node,
                                const arrow::RecordBatch& batch) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  ARROW_ASSIGN_OR_RAISE(auto values, Evaluator(text, batch).Run(node));
  Evaluation evaluation;
  evaluation.values = std::move(values.array);
  for (auto& [row, error] : values.errors) evaluation.errors.push_back(std::move(error));
  return evaluation;
}

}  // namespace millrace::expr
