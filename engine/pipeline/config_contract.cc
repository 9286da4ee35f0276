#include "pipeline/config_contract.h"

#include <algorithm>

#include "expr/expression.h"

namespace millrace::pipeline {
namespace {

using contract::Column;
using contract::ColumnFrom;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The place within the config of a place within an expression's text.
void AddExpressionProblem(const Diagnostic& diagnostic, const ConfigValue& text,
                          ConfigProblems* problems) {
  Diagnostic moved = diagnostic;
  moved.span = text.span;
  if (text.as_written && diagnostic.span.known()) {
    moved.span =
        problems->tree().SpanInside(*text.node, diagnostic.span.column - 1, diagnostic.span.length);
  }
  problems->Add(std::move(moved));
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
        AddExpressionProblem(d, *expression, problems);
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
    Column column;
    column.name = name;
    column.span = span;
    BuildType(value, &column);
    if (const ConfigValue* from = value.Find("from")) BuildFroms(*from, &column);
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
    if (const ConfigValue* bools = value.Find("bool_values")) BuildBools(*bools, &column);
    if (const ConfigValue* length = value.Find("length")) BuildLength(*length, &column);
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

  void BuildBools(const ConfigValue& bools, Column* column) {
    column->true_values = bools.Texts("true");
    column->false_values = bools.Texts("false");
    for (const std::string& text : column->true_values) {
      if (!Contains(column->false_values, text)) continue;
      problems_->Add(ErrorCode::kBadValue, bools.span,
                     "`" + text + "` cannot mean both true and false");
    }
  }

  void BuildLength(const ConfigValue& length, Column* column) {
    const ConfigValue* min = length.Find("min");
    const ConfigValue* max = length.Find("max");
    if (min != nullptr) column->length_min = min->integer;
    if (max != nullptr) column->length_max = max->integer;
    if (min != nullptr && max != nullptr && min->integer > max->integer) {
      problems_->Add(ErrorCode::kBadValue, max->span, "the greatest length is below the least one");
    }
  }

  const std::vector<std::string>& sources_;
  const std::vector<std::string>& all_sources_;
  ConfigProblems* problems_;
};

}  // namespace

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
    if (column.type != nullptr) contract.columns.push_back(std::move(column));
  }
  for (Diagnostic d : contract::ValidateContract(contract)) {
    if (!d.span.known()) d.span = value.span;
    problems->Add(std::move(d));
  }
  return contract;
}

}  // namespace millrace::pipeline
