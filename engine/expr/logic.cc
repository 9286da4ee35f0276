// and, or, not, is null: null is neither true nor false.
#include <arrow/array/util.h>
#include <arrow/compute/api_scalar.h>

#include "expr/operations.h"

namespace millrace::expr {

Result<Values> EvaluateLogic(const Rows& rows, const Node& node, Arguments arguments) {
  Errors errors = arguments[0].errors;
  if (node.name == "is null") {
    ARROW_ASSIGN_OR_RAISE(auto values, Rows::Compute("is_null", std::move(arguments)));
    return rows.Masked(std::move(values.array), std::move(errors));
  }
  Type boolean;
  boolean.kind = Kind::kBool;
  for (Values& values : arguments) ARROW_RETURN_NOT_OK(rows.To(node, boolean, &values));
  if (node.name == "not") return Rows::Compute("invert", std::move(arguments));
  // The right side cannot fail a row that the left side decides.
  const bool is_and = node.name == "and";
  for (const auto& [row, error] : arguments[1].errors) {
    if (!IsBool(arguments[0], row, !is_and)) errors.emplace(row, error);
  }
  ARROW_ASSIGN_OR_RAISE(auto values,
                        Rows::Compute(is_and ? "and_kleene" : "or_kleene", std::move(arguments)));
  return rows.Masked(std::move(values.array), std::move(errors));
}

}  // namespace millrace::expr
