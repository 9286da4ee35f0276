#include "expr/type_check.h"

#include <arrow/array/util.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>
#include <arrow/scalar.h>

#include "expr/functions.h"
#include "expr/lexer.h"

namespace millrace::expr {

std::shared_ptr<arrow::DataType> ArrowTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return arrow::null();
    case Kind::kBool:
      return arrow::boolean();
    case Kind::kInt:
      return arrow::int64();
    case Kind::kFloat:
      return arrow::float64();
    case Kind::kText:
      return arrow::utf8();
  }
  return arrow::null();
}

bool KindOfColumn(const arrow::DataType& type, Kind* kind) {
  if (arrow::is_integer(type.id())) {
    *kind = Kind::kInt;
  } else if (type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE) {
    *kind = Kind::kFloat;
  } else if (type.id() == arrow::Type::STRING) {
    *kind = Kind::kText;
  } else if (type.id() == arrow::Type::BOOL) {
    *kind = Kind::kBool;
  } else if (type.id() == arrow::Type::NA) {
    *kind = Kind::kNull;
  } else {
    return false;
  }
  return true;
}

namespace {

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "a bool";
    case Kind::kInt:
      return "an integer";
    case Kind::kFloat:
      return "a number";
    case Kind::kText:
      return "a text";
  }
  return "null";
}

bool IsNumber(Kind kind) { return kind == Kind::kInt || kind == Kind::kFloat; }

class Checker {
 public:
  Checker(const std::string& text, const arrow::Schema& schema, std::vector<Diagnostic>* problems)
      : text_(text), schema_(schema), problems_(problems) {}

  Kind Check(const Node& node) {
    switch (node.kind) {
      case NodeKind::kLiteral:
        return node.literal.kind;
      case NodeKind::kColumn:
        return CheckColumn(node);
      case NodeKind::kCall:
        break;
    }
    std::vector<Kind> kinds;
    for (const auto& argument : node.arguments) kinds.push_back(Check(*argument));
    if (const Function* function = FindFunction(node.name)) {
      return CheckFunction(node, *function, kinds);
    }
    return CheckOperator(node, kinds);
  }

 private:
  void Problem(const Node& node, std::string message, std::string suggestion = "") {
    problems_->push_back(
        ExpressionProblem(text_, node.begin, node.end, std::move(message), std::move(suggestion)));
  }

  Kind CheckColumn(const Node& node) {
    const auto field = schema_.GetFieldByName(node.name);
    Kind kind = Kind::kNull;
    if (!field) {
      std::string help = DidYouMean(node.name, schema_.field_names());
      Problem(node, "there is no column `" + node.name + "`", std::move(help));
    } else if (!KindOfColumn(*field->type(), &kind)) {
      Problem(node,
              "column `" + node.name + "` has the type " + field->type()->ToString() +
                  ", which expressions do not read",
              "expressions read texts, numbers and bools");
    }
    return kind;
  }

  void Want(const Node& node, Kind found, Kind wanted) {
    if (found == wanted || found == Kind::kNull) return;
    if (wanted == Kind::kFloat && found == Kind::kInt) return;
    std::string help;
    if (IsNumber(wanted) && found == Kind::kText) help = "int64(...) or float64(...) makes it one";
    if (wanted == Kind::kText) help = "text(...) makes it one";
    Problem(node,
            std::string("this is ") + NameOf(found) + ", where " + NameOf(wanted) + " is wanted",
            std::move(help));
  }

  // The kind that both fit; a problem about `node` when there is none.
  Kind Common(const Node& node, Kind a, Kind b) {
    if (a == b || b == Kind::kNull) return a;
    if (a == Kind::kNull) return b;
    if (IsNumber(a) && IsNumber(b)) return Kind::kFloat;
    const bool text = a == Kind::kText || b == Kind::kText;
    Problem(node, std::string(NameOf(a)) + " and " + NameOf(b) + " do not go together",
            text && (IsNumber(a) || IsNumber(b)) ? "int64(...) or float64(...) reads a text" : "");
    return a;
  }

  Kind CheckOperator(const Node& node, const std::vector<Kind>& kinds) {
    const std::string& name = node.name;
    if (name == "and" || name == "or" || name == "not") {
      for (size_t i = 0; i < kinds.size(); ++i) Want(*node.arguments[i], kinds[i], Kind::kBool);
      return Kind::kBool;
    }
    if (name == "is null") return Kind::kBool;
    if (name == "case") {
      Kind result = Kind::kNull;
      for (size_t i = 0; i < kinds.size(); ++i) {
        const bool condition = i % 2 == 0 && i + 1 < kinds.size();
        if (condition) {
          Want(*node.arguments[i], kinds[i], Kind::kBool);
        } else {
          result = Common(*node.arguments[i], result, kinds[i]);
        }
      }
      return result;
    }
    if (name == "+" || name == "-" || name == "*" || name == "/" || name == "%" ||
        name == "negate") {
      Kind result = name == "/" ? Kind::kFloat : Kind::kInt;
      for (size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i] == Kind::kFloat && name != "%") result = Kind::kFloat;
        Want(*node.arguments[i], kinds[i], name == "%" ? Kind::kInt : Kind::kFloat);
      }
      return result;
    }
    for (size_t i = 1; i < kinds.size(); ++i) Common(node, kinds[0], kinds[i]);  // comparisons
    return Kind::kBool;
  }

  Kind CheckFunction(const Node& node, const Function& function, const std::vector<Kind>& kinds) {
    Kind any = Kind::kNull;
    size_t at = 0;
    bool optional = false;
    const std::string_view letters = function.arguments;
    for (size_t i = 0; i < kinds.size(); ++i) {
      while (at < letters.size() && letters[at] == '?') {
        optional = true;
        ++at;
      }
      if (at >= letters.size()) return WrongCount(node, function);
      CheckArgument(*node.arguments[i], letters[at], kinds[i], &any);
      const bool repeats = at + 1 < letters.size() && letters[at + 1] == '*';
      if (!repeats) ++at;
    }
    const bool repeated_once =
        at < letters.size() && letters.substr(at + 1) == "*" && !kinds.empty();
    optional |= at < letters.size() && letters[at] == '?';
    if (at < letters.size() && !optional && !repeated_once) return WrongCount(node, function);
    if (function.name == "regex_match" || function.name == "regex_extract") CheckPattern(node);
    switch (function.result) {
      case 't':
        return Kind::kText;
      case 'i':
        return Kind::kInt;
      case 'f':
        return Kind::kFloat;
      case 'b':
        return Kind::kBool;
      case 'n':
        return kinds[0] == Kind::kNull ? Kind::kFloat : kinds[0];
      default:
        return any;
    }
  }

  void CheckArgument(const Node& argument, char letter, Kind kind, Kind* any) {
    switch (letter) {
      case 't':
        Want(argument, kind, Kind::kText);
        break;
      case 'n':
        Want(argument, kind, Kind::kFloat);
        break;
      case 'i':
        Want(argument, kind, Kind::kInt);
        break;
      case 'b':
        Want(argument, kind, Kind::kBool);
        break;
      case 'p':
        if (argument.kind != NodeKind::kLiteral || kind != Kind::kText) {
          Problem(argument, "this must be a 'text' written out");
        }
        break;
      default:
        *any = Common(argument, *any, kind);
    }
  }

  Kind WrongCount(const Node& node, const Function& function) {
    Problem(node,
            "`" + std::string(function.name) + "` is not called with " +
                std::to_string(node.arguments.size()) + " arguments",
            "it is written " + std::string(function.signature));
    return Kind::kNull;
  }

  void CheckPattern(const Node& node) {
    const Node& pattern = *node.arguments[1];
    if (pattern.literal.kind != Kind::kText || !arrow::compute::Initialize().ok()) return;
    const bool extract = node.name == "regex_extract";
    const auto none = arrow::MakeArrayFromScalar(*arrow::MakeScalar(""), 1).ValueOrDie();
    const arrow::compute::MatchSubstringOptions match(pattern.literal.text);
    const arrow::compute::ExtractRegexOptions groups(pattern.literal.text);
    const auto tried = extract
                           ? arrow::compute::CallFunction("extract_regex", {none}, &groups)
                           : arrow::compute::CallFunction("match_substring_regex", {none}, &match);
    if (!tried.ok()) {
      Problem(pattern, tried.status().message());
    } else if (extract && tried->type()->num_fields() == 0) {
      Problem(pattern, "the pattern has no named group", "write (?P<name>...)");
    }
  }

  const std::string& text_;
  const arrow::Schema& schema_;
  std::vector<Diagnostic>* problems_;
};

}  // namespace

Kind CheckKinds(const std::string& text, const Node& node, const arrow::Schema& schema,
                std::vector<Diagnostic>* problems) {
  return Checker(text, schema, problems).Check(node);
}

}  // namespace millrace::expr
