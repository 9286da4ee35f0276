#include "pipeline/config/contract.h"

#include <algorithm>
#include <set>

#include "contract/regex_fault.h"
#include "expr/expression.h"

namespace millrace::pipeline {
namespace {

using contract::Column;
using contract::ColumnFrom;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

ColumnFrom BuildFrom(const ConfigValue& rule, ConfigProblems* problems) {
  ColumnFrom from;
  from.span = rule.span;
  if (rule.kind == ConfigValue::Kind::kText) {
    from.path = rule.text;
  } else if (const ConfigValue* constant = rule.Find("const")) {
    from.constant = constant->text;
  } else if (const ConfigValue* expression = rule.Find("expr")) {
    from.expression = expression->text;
    from.span = expression->span;
    const Result<expr::Expression> parsed = expr::Expression::Parse(expression->text);
    if (!parsed.ok()) {
      for (const Diagnostic& d : DiagnosticsOf(parsed.status())) {
        problems->AddInside(*expression, d);
      }
    }
  }
  return from;
}

class ColumnBuild {
 public:
  ColumnBuild(const std::vector<std::string>& sources, const std::vector<std::string>& all_sources,
              ConfigProblems* problems)
      : sources_(sources), all_sources_(all_sources), problems_(problems) {}

  Column Build(const std::string& name, const SourceSpan& span, const ConfigValue& value) {
    Column column = BuildRules(value);
    column.name = name;
    column.span = span;
    BuildType(value, &column);
    if (const ConfigValue* from = value.Find("from")) BuildFroms(*from, &column);
    if (const ConfigValue* bools = value.Find("bool_values")) CheckBools(*bools, column);
    return column;
  }

  /// All but the name, the type and where values come from.
  Column BuildRules(const ConfigValue& value) {
    Column column;
    column.required = value.Bool("required");
    column.unique = value.Bool("unique");
    column.sensitive = value.Bool("sensitive");
    column.round = value.Bool("round");
    column.trim = TrimOf(value.Text("trim"));
    column.default_value = Optional(value, "default");
    column.formats = value.Texts("format");
    column.null_values = value.Texts("null_values");
    column.enum_values = value.Texts("enum");
    column.min = Optional(value, "min");
    column.max = Optional(value, "max");
    column.regex = value.Text("regex");
    if (const ConfigValue* bools = value.Find("bool_values")) {
      column.true_values = bools->Texts("true");
      column.false_values = bools->Texts("false");
    }
    if (const ConfigValue* length = value.Find("length")) {
      const ConfigValue* min = length->Find("min");
      const ConfigValue* max = length->Find("max");
      if (min != nullptr) column.length_min = min->integer;
      if (max != nullptr) column.length_max = max->integer;
    }
    const std::string on_error = value.Text("on_error");
    column.on_error = on_error == "set_null" ? contract::OnError::kSetNull
                      : on_error == "fail"   ? contract::OnError::kFail
                                             : contract::OnError::kReject;
    return column;
  }

 private:
  static std::optional<std::string> Optional(const ConfigValue& value, const char* key) {
    const ConfigValue* member = value.Find(key);
    return member == nullptr ? std::nullopt : std::optional<std::string>(member->text);
  }

  static contract::Trim TrimOf(const std::string& text) {
    return text == "both"    ? contract::Trim::kBoth
           : text == "left"  ? contract::Trim::kLeft
           : text == "right" ? contract::Trim::kRight
                             : contract::Trim::kNone;
  }

  void BuildType(const ConfigValue& value, Column* column) {
    const ConfigValue* type = value.Find("type");
    if (type == nullptr) return;
    column->type_text = type->text;
    Result<std::shared_ptr<arrow::DataType>> parsed =
        contract::ParseType(type->text, &column->is_json);
    if (parsed.ok()) {
      column->type = *parsed;
      return;
    }
    const Diagnostic d = DiagnosticsOf(parsed.status()).front();
    problems_->Add(ErrorCode::kBadValue, type->span, d.message, d.suggestion);
  }

  void BuildFroms(const ConfigValue& from, Column* column) {
    const bool per_source = from.kind == ConfigValue::Kind::kObject &&
                            from.Find("const") == nullptr && from.Find("expr") == nullptr;
    if (!per_source) {
      column->from[""] = BuildFrom(from, problems_);
      return;
    }
    for (size_t i = 0; i < from.members.size(); ++i) {
      const auto& [source, rule] = from.members[i];
      CheckSource(source, from.member_spans[i]);
      if (rule.kind != ConfigValue::Kind::kNone) column->from[source] = BuildFrom(rule, problems_);
    }
  }

  void CheckSource(const std::string& source, const SourceSpan& span) {
    if (Contains(sources_, source)) return;
    if (Contains(all_sources_, source)) {
      problems_->Add(ErrorCode::kUnknownReference, span,
                     "the source `" + source + "` has another contract",
                     "only sources that name this contract can be meant here");
      return;
    }
    std::string suggestion = DidYouMean(source, sources_);
    for (const std::string& known : sources_) {
      if (suggestion.empty()) suggestion = "the sources are";
      if (suggestion.rfind("the sources", 0) == 0) suggestion += " `" + known + "`";
    }
    problems_->Add(ErrorCode::kUnknownReference, span, "there is no source `" + source + "`",
                   suggestion);
  }

  void CheckBools(const ConfigValue& bools, const Column& column) {
    for (const std::string& text : column.true_values) {
      if (!Contains(column.false_values, text)) continue;
      problems_->Add(ErrorCode::kBadValue, bools.span,
                     "`" + text + "` cannot mean both true and false");
    }
  }

  const std::vector<std::string>& sources_;
  const std::vector<std::string>& all_sources_;
  ConfigProblems* problems_;
};

// The place within the config of the fault within a pattern, if it has one.
void AddRegexProblem(const Column& column, const ConfigValue& regex, ConfigProblems* problems,
                     std::set<std::string>* told) {
  const auto fault = contract::FindRegexFault(column.regex);
  if (!fault) return;
  SourceSpan span = regex.span;
  if (regex.as_written)
    span = problems->tree().SpanInside(*regex.node, fault->position, fault->length);
  const std::string message = "column `" + column.name + "`: " + fault->message;
  told->insert(message);  // the contract's own check says the same, without a place
  problems->Add(ErrorCode::kBadValue, span, message);
}

// The rules of a column one by one, so that a problem points at its rule; what only shows with all
// of them together points at the column.
void CheckColumn(const Column& column, const ConfigValue& value, ColumnBuild* build,
                 ConfigProblems* problems) {
  std::set<std::string> told;
  const ConfigValue* regex = value.Find("regex");
  if (regex != nullptr && column.type->id() == arrow::Type::STRING && !column.is_json)
    AddRegexProblem(column, *regex, problems, &told);
  const auto check = [&](const Column& checked, const SourceSpan& span) {
    contract::Contract contract;
    contract.columns.push_back(checked);
    for (Diagnostic d : contract::ValidateContract(contract)) {
      if (!told.insert(d.message).second) continue;
      d.span = span;
      problems->Add(std::move(d));
    }
  };
  // These say how the texts of the other rules are read.
  const std::set<std::string> readings = {"bool_values", "format", "null_values", "trim", "round"};
  ConfigValue reading;
  reading.kind = ConfigValue::Kind::kObject;
  for (const bool first_pass : {true, false}) {
    for (const auto& rule : value.members) {
      const bool is_reading = readings.count(rule.name) > 0;
      if (rule.name == "type" || rule.name == "from" || is_reading != first_pass) continue;
      ConfigValue rules = reading;
      rules.members.push_back(rule);
      if (is_reading) reading = rules;
      Column alone = build->BuildRules(rules);
      alone.name = column.name;
      alone.type = column.type;
      alone.type_text = column.type_text;
      alone.is_json = column.is_json;
      check(alone, rule.value.node == nullptr ? column.span : rule.value.span);
    }
  }
  Column whole = column;
  whole.from.clear();  // checked where they were read, down to the character
  check(whole, column.span);
}

}  // namespace

contract::DriftPolicy BuildDriftPolicy(const ConfigValue& contract) {
  contract::DriftPolicy policy;
  const auto set = [&policy](contract::DriftKind kind, contract::DriftAction action) {
    policy.actions[static_cast<size_t>(kind)] = action;
  };
  const std::string unknown = contract.Text("unknown_columns");
  if (unknown == "keep") set(contract::DriftKind::kColumnAdded, contract::DriftAction::kAllow);
  if (unknown == "fail") set(contract::DriftKind::kColumnAdded, contract::DriftAction::kFail);
  const ConfigValue* drift = contract.Find("drift");
  if (drift == nullptr) return policy;
  for (const auto& [name, value] : drift->members) {
    const auto kind = contract::DriftKindOf(name);
    const auto action = contract::DriftActionOf(value.text);
    if (kind && action) set(*kind, *action);
  }
  return policy;
}

contract::Contract BuildContract(const std::string& name, const ConfigValue& value,
                                 const std::vector<std::string>& sources,
                                 const std::vector<std::string>& all_sources,
                                 ConfigProblems* problems) {
  contract::Contract contract;
  contract.name = name;
  contract.version = static_cast<int>(value.Integer("version", 1));
  const std::string unknown = value.Text("unknown_columns");
  contract.unknown_columns = unknown == "keep"   ? contract::UnknownColumns::kKeep
                             : unknown == "fail" ? contract::UnknownColumns::kFail
                                                 : contract::UnknownColumns::kDrop;
  const ConfigValue* columns = value.Find("columns");
  if (columns == nullptr) return contract;
  ColumnBuild build(sources, all_sources, problems);
  for (size_t i = 0; i < columns->members.size(); ++i) {
    const auto& [column_name, column_value] = columns->members[i];
    if (column_value.kind != ConfigValue::Kind::kObject) continue;
    Column column = build.Build(column_name, columns->member_spans[i], column_value);
    if (column.type == nullptr) continue;
    CheckColumn(column, column_value, &build, problems);
    contract.columns.push_back(std::move(column));
  }
  return contract;
}

}  // namespace millrace::pipeline
