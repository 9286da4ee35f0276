// Problems of a contract that need no data.
#include <arrow/compute/api.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <set>

#include "base/reserved_columns.h"
#include "contract/column_rule.h"
#include "contract/contract.h"
#include "contract/expression_place.h"
#include "contract/regex_fault.h"
#include "expr/expression.h"

namespace millrace::contract {

namespace {

using Type = arrow::Type;

class Validator {
 public:
  std::vector<Diagnostic> Run(const Contract& contract) {
    std::set<std::string> names;
    if (contract.columns.empty()) Add({}, ErrorCode::kMissingKey, "the contract has no columns");
    for (const Column& column : contract.columns) {
      if (!names.insert(column.name).second) {
        Add(column.span, ErrorCode::kDuplicateName,
            "the column `" + column.name + "` is declared twice");
      }
      CheckColumn(column);
    }
    return std::move(problems_);
  }

 private:
  void Add(const SourceSpan& span, ErrorCode code, std::string message,
           std::string suggestion = "") {
    Diagnostic problem;
    problem.code = code;
    problem.message = std::move(message);
    problem.suggestion = std::move(suggestion);
    problem.span = span;
    problems_.push_back(std::move(problem));
  }

  void Wrong(const Column& column, const std::string& what, const std::string& suggestion = "") {
    Add(column.span, ErrorCode::kBadValue, "column `" + column.name + "`: " + what, suggestion);
  }

  void AddStatus(const Column& column, const SourceSpan& span, const Status& status) {
    for (Diagnostic problem : DiagnosticsOf(status)) {
      problem.message = "column `" + column.name + "`: " + problem.message;
      problem.span = span;
      problems_.push_back(std::move(problem));
    }
  }

  void CheckColumn(const Column& column) {
    if (column.name.empty()) Wrong(column, "a column needs a name");
    if (IsReservedColumn(column.name)) {
      Wrong(column,
            "names that begin with " + std::string(kReservedPrefix) + " belong to the engine");
    }
    if (column.type == nullptr) {
      Wrong(column, "the type `" + column.type_text + "` was not understood");
      return;
    }
    CheckRulesFitType(column);
    CheckRanges(column);
    CheckEachText(column);
    CheckFrom(column);
  }

  void CheckRulesFitType(const Column& column) {
    const Type::type id = column.type->id();
    const bool nested = arrow::is_nested(id);
    const bool has_length = column.length_min || column.length_max;
    if ((column.min || column.max) &&
        (id == Type::BOOL || nested || id == Type::BINARY || column.is_json)) {
      Wrong(column, "min and max do not fit the type " + column.type_text);
    }
    if (!column.enum_values.empty() && (nested || column.is_json)) {
      Wrong(column, "enum does not fit the type " + column.type_text);
    }
    if (has_length && id != Type::STRING && id != Type::BINARY && id != Type::LIST) {
      Wrong(column, "length is for strings, binary and lists, not for " + column.type_text,
            "use min and max");
    }
    if (!column.regex.empty() && (id != Type::STRING || column.is_json)) {
      Wrong(column, "regex is for strings, not for " + column.type_text);
    }
    if (column.unique && (nested || column.is_json || arrow::is_floating(id))) {
      Wrong(column, "unique does not fit the type " + column.type_text);
    }
    if (column.required && column.on_error == OnError::kSetNull) {
      Wrong(column, "on_error: set_null would put nulls into a required column",
            "use reject or fail");
    }
  }

  void CheckRanges(const Column& column) {
    const int64_t least = column.length_min.value_or(0);
    if (least < 0 || column.length_max.value_or(0) < 0) Wrong(column, "length cannot be negative");
    if (column.length_max && least > *column.length_max)
      Wrong(column, "length has a min above its max");
    if (column.regex.empty() || column.type->id() != Type::STRING) return;
    if (const auto fault = FindRegexFault(column.regex)) Wrong(column, fault->message);
  }

  // Every text on its own, so that each problem is named.
  void CheckEachText(const Column& column) {
    Column bare = column;
    bare.default_value.reset();
    bare.min.reset();
    bare.max.reset();
    bare.enum_values.clear();
    const auto rule = ColumnRule::Make(bare);
    if (!rule.ok()) {
      AddStatus(column, column.span, rule.status());
      return;
    }
    const auto probe = [&](const std::optional<std::string>& text, auto set) {
      if (!text) return true;
      Column one = bare;
      set(one, *text);
      const auto made = ColumnRule::Make(one);
      if (!made.ok()) AddStatus(column, column.span, made.status());
      return made.ok();
    };
    const bool min = probe(column.min, [](Column& c, const std::string& text) { c.min = text; });
    const bool max = probe(column.max, [](Column& c, const std::string& text) { c.max = text; });
    const bool fill = probe(column.default_value,
                            [](Column& c, const std::string& text) { c.default_value = text; });
    bool values = true;
    for (const std::string& value : column.enum_values) {
      values &= probe(value, [](Column& c, const std::string& text) { c.enum_values = {text}; });
    }
    // A text of the config that the other rules of the column would reject can only be a mistake.
    if (!min || !max || !fill || !values || HasProblemOf(column)) return;
    const auto whole = ColumnRule::Make(column);
    if (!whole.ok()) return AddStatus(column, column.span, whole.status());
    if (column.min && column.max && Breaks(**whole, *column.max, Check::kMin)) {
      return Wrong(column, "min is above max");
    }
    if (column.default_value && BreaksAny(**whole, *column.default_value)) {
      Wrong(column, "the default breaks the column's own rules");
    }
  }

  static bool Breaks(const ColumnRule& rule, const std::string& text, Check check) {
    const auto found = FirstViolation(rule, text);
    return found && found->check == check;
  }
  static bool BreaksAny(const ColumnRule& rule, const std::string& text) {
    const auto found = FirstViolation(rule, text);
    // null_values may name the default's text: then the default is what it becomes.
    return found.has_value();
  }
  static std::optional<Violation> FirstViolation(const ColumnRule& rule, const std::string& text) {
    const auto array = arrow::MakeArrayFromScalar(arrow::StringScalar(text), 1);
    if (!array.ok()) return std::nullopt;
    const auto outcome = rule.Apply(*array, {});
    if (!outcome.ok() || outcome->violations.empty()) return std::nullopt;
    return outcome->violations.front();
  }

  bool HasProblemOf(const Column& column) const {
    return std::any_of(problems_.begin(), problems_.end(), [&](const Diagnostic& problem) {
      return problem.message.rfind("column `" + column.name + "`", 0) == 0;
    });
  }

  void CheckFrom(const Column& column) {
    for (const auto& [source, from] : column.from) {
      const SourceSpan& span = from.span.known() ? from.span : column.span;
      const int ways = !from.path.empty() + from.constant.has_value() + !from.expression.empty();
      if (ways != 1) {
        Add(span, ErrorCode::kBadValue,
            "column `" + column.name +
                "`: from needs exactly one of a path, a constant and an expression");
        continue;
      }
      if (!from.expression.empty()) {
        const auto parsed = expr::Expression::Parse(from.expression);
        for (const Diagnostic& problem : DiagnosticsOf(parsed.status())) {
          problems_.push_back(PlacedInExpression(problem, column.name, span));
        }
      }
      if (!from.constant || HasProblemOf(column)) continue;
      const auto rule = ColumnRule::Make(column);
      if (rule.ok() && BreaksAny(**rule, *from.constant)) {
        Add(span, ErrorCode::kBadValue,
            "column `" + column.name + "`: the constant breaks the column's own rules");
      }
    }
  }

  std::vector<Diagnostic> problems_;
};

}  // namespace

std::vector<Diagnostic> ValidateContract(const Contract& contract) {
  return Validator().Run(contract);
}

}  // namespace millrace::contract
