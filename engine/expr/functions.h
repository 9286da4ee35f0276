// The one table of functions: the parser knows their names and arguments from it, the type check
// their types, and docs/expressions.md its reference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expr/types.h"

namespace millrace::expr {

struct Function {
  std::string_view name;
  /// One letter per argument: t text, i integer, b bool, f number but no decimal, n any number,
  /// x text, number or bool, m text, date or timestamp, d date or timestamp, c time or timestamp,
  /// w text, time or timestamp, a any (all `a` alike); p a text and l an integer written out.
  /// `?` makes the rest optional, `*` repeats the last letter.
  std::string_view arguments;
  /// t, i, f, b, d date; n as the argument, a as the `a` arguments, * see the type check.
  char result;
  std::string_view signature;
  std::string_view description;
};

/// The result of date(), time(), timestamp() and local_timestamp() of an argument of that type.
Type MomentType(std::string_view function, const Type& argument);

const std::vector<Function>& Functions();
const Function* FindFunction(std::string_view name);
std::vector<std::string> FunctionNames();
/// The table in docs/expressions.md.
std::string FunctionsMarkdown();

}  // namespace millrace::expr
