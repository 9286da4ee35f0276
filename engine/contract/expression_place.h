// Where in the config a problem of an expression is: the parser and the type check know the place
// within the expression, the config's span says where the expression begins.
#pragma once

#include <string>

#include "base/status.h"

namespace millrace::contract {

/// The problem with "column `name`: " before it and its span moved into `expression`, a span of the
/// config; an unknown one stays unknown.
Diagnostic PlacedInExpression(Diagnostic problem, const std::string& column,
                              const SourceSpan& expression);

}  // namespace millrace::contract
