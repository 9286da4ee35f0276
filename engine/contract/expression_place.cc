#include "contract/expression_place.h"

namespace millrace::contract {

Diagnostic PlacedInExpression(Diagnostic problem, const std::string& column,
                              const SourceSpan& expression) {
  problem.message = "column `" + column + "`: " + problem.message;
  SourceSpan place = expression;
  if (expression.known() && problem.span.known()) {
    place.column += problem.span.column - 1;
    place.length = problem.span.length;
  }
  problem.span = place;
  return problem;
}

}  // namespace millrace::contract
