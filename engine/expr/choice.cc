// case, if, coalesce, nullif. Only the value that is chosen can fail a row.
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/exec.h>
#include <arrow/scalar.h>

#include "expr/operations.h"

namespace millrace::expr {

namespace {

namespace cp = arrow::compute;

// condition, value, condition, value, ..., else
Result<Values> Choose(const Rows& rows, const Node& node, Arguments arguments) {
  Arguments conditions, results;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool condition = i % 2 == 0 && i + 1 < arguments.size();
    (condition ? conditions : results).push_back(std::move(arguments[i]));
  }
  ARROW_RETURN_NOT_OK(rows.Unify(node, &results));
  Type boolean;
  boolean.kind = Kind::kBool;
  Values chosen = std::move(results.back());
  for (size_t i = conditions.size(); i-- > 0;) {
    ARROW_RETURN_NOT_OK(rows.To(node, boolean, &conditions[i]));
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
    ARROW_ASSIGN_OR_RAISE(chosen, rows.Masked(datum.make_array(), std::move(errors)));
  }
  return chosen;
}

// Later arguments cannot fail a row that an earlier one decides.
Result<Values> Coalesce(const Rows& rows, const Node& node, Arguments arguments) {
  ARROW_RETURN_NOT_OK(rows.Unify(node, &arguments));
  Values result = std::move(arguments[0]);
  for (size_t i = 1; i < arguments.size(); ++i) {
    Errors errors = result.errors;
    for (const auto& [row, error] : arguments[i].errors) {
      if (result.array->IsNull(row)) errors.emplace(row, error);
    }
    ARROW_ASSIGN_OR_RAISE(auto datum,
                          cp::CallFunction("coalesce", {result.array, arguments[i].array}));
    ARROW_ASSIGN_OR_RAISE(result, rows.Masked(datum.make_array(), std::move(errors)));
  }
  return result;
}

Result<Values> NullIf(const Rows& rows, const Node& node, Arguments arguments) {
  ARROW_RETURN_NOT_OK(rows.Unify(node, &arguments));
  Node equals;
  equals.name = "=";
  ARROW_ASSIGN_OR_RAISE(auto equal, EvaluateComparison(rows, equals, arguments));
  ARROW_ASSIGN_OR_RAISE(auto nulls, rows.Nulls(arguments[0].array->type()));
  return Choose(rows, node, {std::move(equal), std::move(nulls), std::move(arguments[0])});
}

}  // namespace

Result<Values> EvaluateChoice(const Rows& rows, const Node& node, Arguments arguments) {
  if (node.name == "coalesce") return Coalesce(rows, node, std::move(arguments));
  if (node.name == "nullif") return NullIf(rows, node, std::move(arguments));
  return Choose(rows, node, std::move(arguments));
}

}  // namespace millrace::expr
