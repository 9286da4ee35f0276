#include "expr/functions.h"

namespace millrace::expr {

const std::vector<Function>& Functions() {
  static const std::vector<Function> functions = {
      {"lower", "t", 't', "lower(text)", "in lower case"},
      {"upper", "t", 't', "upper(text)", "in upper case"},
      {"trim", "t", 't', "trim(text)", "without white space at both ends"},
      {"ltrim", "t", 't', "ltrim(text)", "without white space at the start"},
      {"rtrim", "t", 't', "rtrim(text)", "without white space at the end"},
      {"length", "t", 'i', "length(text)", "its code points"},
      {"concat", "t*", 't', "concat(text, ...)", "joined; null when one is null, as with `||`"},
      {"substr", "ti?i", 't', "substr(text, start, count?)",
       "code points from `start`, which counts from 1"},
      {"replace", "tpp", 't', "replace(text, 'old', 'new')", "every `old` replaced"},
      {"starts_with", "tp", 'b', "starts_with(text, 'start')", "whether it does"},
      {"ends_with", "tp", 'b', "ends_with(text, 'end')", "whether it does"},
      {"contains", "tp", 'b', "contains(text, 'part')", "whether it does"},
      {"regex_match", "tp", 'b', "regex_match(text, 'pattern')",
       "whether the pattern (RE2 syntax) is found in it"},
      {"regex_extract", "tp", 't', "regex_extract(text, 'pattern')",
       "what the pattern's first group, `(?P<name>...)`, matches; null where it does not"},
      {"coalesce", "a*", 'a', "coalesce(x, ...)", "the first that is not null"},
      {"nullif", "aa", 'a', "nullif(x, y)", "null where they are equal, else x"},
      {"if", "baa", 'a', "if(condition, x, y)", "x where it is true, else y"},
      {"abs", "n", 'n', "abs(number)", "without its sign"},
      {"round", "n", 'f', "round(number)", "the nearest whole number, halves to even"},
      {"floor", "n", 'f', "floor(number)", "the whole number below"},
      {"ceil", "n", 'f', "ceil(number)", "the whole number above"},
      {"int64", "a", 'i', "int64(x)", "as an integer; only texts and numbers that are one"},
      {"float64", "a", 'f', "float64(x)", "as a floating-point number"},
      {"text", "a", 't', "text(x)", "as text"},
      {"bool", "a", 'b', "bool(x)", "`true` and `false` as texts, 1 and 0 as integers"},
      {"try", "a", 'a', "try(x)", "null where x cannot be computed"},
  };
  return functions;
}

const Function* FindFunction(std::string_view name) {
  for (const Function& function : Functions()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names;
  for (const Function& function : Functions()) names.emplace_back(function.name);
  return names;
}

std::string FunctionsMarkdown() {
  std::string out = "| Function | Gives |\n| --- | --- |\n";
  for (const Function& function : Functions()) {
    std::string description(function.description);
    for (size_t at = 0; (at = description.find("||", at)) != std::string::npos; at += 4) {
      description.replace(at, 2, "\\|\\|");
    }
    out += "| `" + std::string(function.signature) + "` | " + description + " |\n";
  }
  return out;
}

}  // namespace millrace::expr
