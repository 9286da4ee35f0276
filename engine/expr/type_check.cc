#include "expr/type_check.h"

#include <arrow/array/util.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>
#include <arrow/scalar.h>

#include "expr/column_path.h"
#include "expr/functions.h"
#include "expr/iso_text.h"
#include "expr/lexer.h"
#include "expr/number_literal.h"

namespace millrace::expr {

namespace {

bool IsNumber(Kind kind) {
  return kind == Kind::kInt || kind == Kind::kFloat || kind == Kind::kDecimal;
}

Type Plain(Kind kind) {
  Type type;
  type.kind = kind;
  return type;
}

// What a letter of the function table takes besides null, and its name in a message.
struct Wanted {
  std::vector<Kind> kinds;
  const char* name;
};

Wanted WantedBy(char letter) {
  switch (letter) {
    case 't':
      return {{Kind::kText}, "a text"};
    case 'i':
      return {{Kind::kInt}, "an integer"};
    case 'b':
      return {{Kind::kBool}, "a bool"};
    case 'f':
      return {{Kind::kInt, Kind::kFloat}, "an integer or a floating-point number"};
    case 'n':
      return {{Kind::kInt, Kind::kFloat, Kind::kDecimal}, "a number"};
    case 'x':
      return {{Kind::kText, Kind::kInt, Kind::kFloat, Kind::kDecimal, Kind::kBool},
              "a text, a number or a bool"};
    case 'm':
      return {{Kind::kText, Kind::kDate, Kind::kTimestamp}, "a text, a date or a timestamp"};
    case 'd':
      return {{Kind::kDate, Kind::kTimestamp}, "a date or a timestamp"};
    case 'c':
      return {{Kind::kTime, Kind::kTimestamp}, "a time or a timestamp"};
    default:
      return {{Kind::kText, Kind::kTime, Kind::kTimestamp}, "a text, a time or a timestamp"};
  }
}

class Checker {
 public:
  Checker(const std::string& text, const arrow::Schema& schema, std::vector<Diagnostic>* problems)
      : text_(text), schema_(schema), problems_(problems) {}

  Type Check(const Node& node) {
    switch (node.kind) {
      case NodeKind::kLiteral:
        return Plain(node.literal.kind);
      case NodeKind::kColumn:
        return CheckColumn(node);
      case NodeKind::kCall:
        break;
    }
    std::vector<Type> types;
    for (const auto& argument : node.arguments) types.push_back(Check(*argument));
    const std::vector<bool> decimals = ReadAsDecimals(node, types);
    for (size_t i = 0; i < types.size(); ++i) {
      if (decimals[i]) types[i] = DecimalOfLiteral(*node.arguments[i])->type;
    }
    if (const Function* function = FindFunction(node.name)) {
      return CheckFunction(node, *function, types);
    }
    return CheckOperator(node, types);
  }

 private:
  void Problem(const Node& node, std::string message, std::string suggestion = "") {
    problems_->push_back(
        ExpressionProblem(text_, node.begin, node.end, std::move(message), std::move(suggestion)));
  }

  Type CheckColumn(const Node& node) {
    const auto path = ColumnPath::Find(schema_, node.name, node.quoted);
    if (!path) {
      NoColumn(node);
      return {};
    }
    const auto type = TypeOfColumn(*path->type());
    if (type) return *type;
    const bool members =
        path->type()->id() == arrow::Type::STRUCT && path->type()->num_fields() > 0;
    Problem(node,
            "column `" + node.name + "` has the type " + path->type()->ToString() +
                ", which expressions do not read",
            members
                ? "read a member of it: `" + node.name + '.' + path->type()->field(0)->name() + '`'
                : "expressions read texts, numbers, bools, dates, times and timestamps");
    return {};
  }

  void NoColumn(const Node& node) {
    const auto broken = node.quoted ? std::nullopt : FindBrokenPath(schema_, node.name);
    if (broken) {
      Problem(node, "`" + broken->found + "` has no member `" + broken->rest + "`",
              DidYouMean(broken->rest, broken->members));
    } else {
      Problem(node, "there is no column `" + node.name + "`",
              DidYouMean(node.name, schema_.field_names()));
    }
  }

  void Want(const Node& node, const Type& found, const Wanted& wanted) {
    bool fits = found.kind == Kind::kNull, numbers = false, texts = false, dates = false;
    for (Kind kind : wanted.kinds) {
      fits |= kind == found.kind;
      numbers |= IsNumber(kind);
      texts |= kind == Kind::kText;
      dates |= kind == Kind::kDate;
    }
    if (fits) return;
    std::string help;
    if (texts) {
      help = "text(...) makes it one";
    } else if (dates && found.kind == Kind::kText) {
      help = "date(...) or timestamp(...) reads a text";
    } else if (numbers && found.kind == Kind::kText) {
      help = "int64(...) or float64(...) makes it one";
    } else if (numbers && found.kind == Kind::kDecimal) {
      help = "float64(...) gives the nearest floating-point number";
    }
    Problem(node, "this is " + NameOf(found) + ", where " + wanted.name + " is wanted",
            std::move(help));
  }

  static std::string HelpToMeet(const Type& a, const Type& b) {
    const auto are = [&](Kind x, Kind y) {
      return (a.kind == x && b.kind == y) || (a.kind == y && b.kind == x);
    };
    if (are(Kind::kText, Kind::kDate)) return "date(...) reads a text such as '2026-11-21'";
    if (are(Kind::kText, Kind::kTime)) return "time(...) reads a text such as '13:05:00'";
    if (are(Kind::kText, Kind::kTimestamp)) {
      return (a.kind == Kind::kTimestamp ? a : b).zone.empty()
                 ? "local_timestamp(...) reads a text such as '2026-11-21T13:05:00'"
                 : "timestamp(...) reads a text such as '2026-11-21T13:05:00Z'";
    }
    if (are(Kind::kDate, Kind::kTimestamp)) return "date(...) gives the day of a timestamp";
    if (are(Kind::kTimestamp, Kind::kTimestamp)) {
      return "timestamp(...) takes a local timestamp as UTC";
    }
    if (are(Kind::kDecimal, Kind::kFloat)) {
      return "float64(...) or decimal(x, digits, places) says which is meant";
    }
    const bool text = a.kind == Kind::kText || b.kind == Kind::kText;
    if (text && IsNumber(a.kind == Kind::kText ? b.kind : a.kind)) {
      return "int64(...) or float64(...) reads a text";
    }
    return "";
  }

  // The type that both fit; a problem about `node` when there is none.
  Type Common(const Node& node, const Type& a, const Type& b) {
    const auto common = CommonType(a, b);
    if (common) return *common;
    Problem(node, NameOf(a) + " and " + NameOf(b) + " do not go together", HelpToMeet(a, b));
    return a;
  }

  Type CheckOperator(const Node& node, const std::vector<Type>& types) {
    const std::string& name = node.name;
    if (name == "and" || name == "or" || name == "not") {
      for (size_t i = 0; i < types.size(); ++i) Want(*node.arguments[i], types[i], WantedBy('b'));
      return Plain(Kind::kBool);
    }
    if (name == "is null") return Plain(Kind::kBool);
    if (name == "like" || name == "ilike") {
      Type none;
      CheckArgument(*node.arguments[0], 't', types[0], &none);
      CheckArgument(*node.arguments[1], 'p', types[1], &none);
      return Plain(Kind::kBool);
    }
    if (name == "case") {
      Type result;
      for (size_t i = 0; i < types.size(); ++i) {
        const bool condition = i % 2 == 0 && i + 1 < types.size();
        if (condition) {
          Want(*node.arguments[i], types[i], WantedBy('b'));
        } else {
          result = Common(*node.arguments[i], result, types[i]);
        }
      }
      return result;
    }
    if (name == "+" || name == "-" || name == "*" || name == "/" || name == "%" ||
        name == "negate") {
      return CheckArithmetic(node, types);
    }
    for (size_t i = 1; i < types.size(); ++i) Common(node, types[0], types[i]);  // comparisons
    return Plain(Kind::kBool);
  }

  Type CheckArithmetic(const Node& node, const std::vector<Type>& types) {
    const size_t before = problems_->size();
    const bool whole = node.name == "%", divides = node.name == "/";
    bool real = divides, decimal = false;
    for (size_t i = 0; i < types.size(); ++i) {
      Want(*node.arguments[i], types[i], WantedBy(whole ? 'i' : divides ? 'f' : 'n'));
      real |= types[i].kind == Kind::kFloat && !whole;
      decimal |= types[i].kind == Kind::kDecimal;
    }
    if (problems_->size() > before || !decimal) return Plain(real ? Kind::kFloat : Kind::kInt);
    if (types.size() == 1) return types[0];
    Common(node, types[0], types[1]);
    if (real) return Plain(Kind::kFloat);
    if (node.name != "*") return DecimalSum(types[0], types[1]);
    const auto product = DecimalProduct(types[0], types[1]);
    if (product) return *product;
    Problem(node, "the product has more than 38 places after the point",
            "decimal(x, digits, places) or float64(...) makes an operand shorter");
    return types[0];
  }

  Type CheckFunction(const Node& node, const Function& function, const std::vector<Type>& types) {
    Type any;
    size_t at = 0;
    bool optional = false;
    const size_t before = problems_->size();
    const std::string_view letters = function.arguments;
    for (size_t i = 0; i < types.size(); ++i) {
      while (at < letters.size() && letters[at] == '?') {
        optional = true;
        ++at;
      }
      if (at >= letters.size()) return WrongCount(node, function);
      CheckArgument(*node.arguments[i], letters[at], types[i], &any);
      const bool repeats = at + 1 < letters.size() && letters[at + 1] == '*';
      if (!repeats) ++at;
    }
    const bool repeated_once =
        at < letters.size() && letters.substr(at + 1) == "*" && !types.empty();
    optional |= at < letters.size() && letters[at] == '?';
    if (at < letters.size() && !optional && !repeated_once) return WrongCount(node, function);
    if (function.name.substr(0, 6) == "regex_") CheckPattern(node);
    CheckLiterals(node);
    switch (function.result) {
      case 't':
        return Plain(Kind::kText);
      case 'i':
        return Plain(Kind::kInt);
      case 'f':
        return Plain(Kind::kFloat);
      case 'b':
        return Plain(Kind::kBool);
      case 'd':
      case '*':
        if (function.name != "decimal") return CheckMoment(node, function, types[0]);
        return problems_->size() == before ? CheckDecimal(node) : Type();
      case 'n':
        return types[0].kind == Kind::kNull ? Plain(Kind::kFloat) : types[0];
      default:
        return any;
    }
  }

  // What is written out and cannot be right in any row.
  void CheckLiterals(const Node& node) {
    const bool split = node.name == "split_part";
    if (!split && node.name != "lpad" && node.name != "rpad") return;
    const size_t at = split ? 1 : 2;
    if (node.arguments.size() <= at) return;
    const Node& text = *node.arguments[at];
    if (text.literal.kind == Kind::kText && text.literal.text.empty()) {
      Problem(text, split ? "the separator is empty" : "the fill is empty");
    }
    if (split && node.arguments.size() > 2 && node.arguments[2]->literal.kind == Kind::kInt &&
        node.arguments[2]->literal.integer == 0) {
      Problem(*node.arguments[2], "parts are counted from 1, or from -1 backwards");
    }
  }

  // A text that is written out is looked at now, and not in every row.
  Type CheckMoment(const Node& node, const Function& function, const Type& argument) {
    const Node& text = *node.arguments[0];
    if (text.kind == NodeKind::kLiteral && text.literal.kind == Kind::kText) {
      const IsoText read = ReadIsoText(function.name, text.literal.text);
      if (read.problem != nullptr) {
        Problem(text, std::string("this ") + read.problem, std::string("such as ") + read.example);
      }
    }
    return MomentType(function.name, argument);
  }

  Type CheckDecimal(const Node& node) {
    const int64_t digits = node.arguments[1]->literal.integer;
    const int64_t places = node.arguments[2]->literal.integer;
    if (digits < 1 || digits > kDecimalDigitsMax) {
      Problem(*node.arguments[1], "a decimal has 1 to 38 digits");
      return {};
    }
    if (places < 0 || places > digits) {
      Problem(*node.arguments[2], "the places after the point are 0 to all of the digits");
      return {};
    }
    return DecimalType(static_cast<int>(digits), static_cast<int>(places));
  }

  void CheckArgument(const Node& argument, char letter, const Type& type, Type* any) {
    if (letter == 'a') {
      *any = Common(argument, *any, type);
    } else if (letter == 'p' || letter == 'l') {
      const Kind wanted = letter == 'p' ? Kind::kText : Kind::kInt;
      if (argument.kind == NodeKind::kLiteral && type.kind == wanted) return;
      Problem(argument, letter == 'p' ? "this must be a 'text' written out"
                                      : "this must be an integer written out");
    } else {
      Want(argument, type, WantedBy(letter));
    }
  }

  Type WrongCount(const Node& node, const Function& function) {
    Problem(node,
            "`" + std::string(function.name) + "` is not called with " +
                std::to_string(node.arguments.size()) + " arguments",
            "it is written " + std::string(function.signature));
    return {};
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
    if (tried.ok() && node.name == "regex_replace") {
      const Node& replacement = *node.arguments[2];
      const arrow::compute::ReplaceSubstringOptions replace(pattern.literal.text,
                                                            replacement.literal.text);
      const auto replaced =
          arrow::compute::CallFunction("replace_substring_regex", {none}, &replace);
      if (!replaced.ok()) Problem(replacement, replaced.status().message());
    }
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

Type CheckTypes(const std::string& text, const Node& node, const arrow::Schema& schema,
                std::vector<Diagnostic>* problems) {
  return Checker(text, schema, problems).Check(node);
}

}  // namespace millrace::expr
