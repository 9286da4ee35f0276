// The one table of functions: the parser knows their names and arguments from it, the type check
// their types, and docs/expressions.md its reference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::expr {

struct Function {
  std::string_view name;
  /// One letter per argument: t text, n number, i integer, b bool, a any (all `a` alike);
  /// lower-case p is a text that must be a literal. `?` makes the rest optional, `*` repeats the
  /// last letter.
  std::string_view arguments;
  char result;  // t, i, f, b; n: as the argument; a: as the `a` arguments
  std::string_view signature;
  std::string_view description;
};

const std::vector<Function>& Functions();
const Function* FindFunction(std::string_view name);
std::vector<std::string> FunctionNames();
/// The table in docs/expressions.md.
std::string FunctionsMarkdown();

}  // namespace millrace::expr
