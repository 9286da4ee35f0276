// A contract as YAML: one line per column, every text quoted, so that no YAML reader can take a
// name or a value for something else.
#include <string>

#include "base/escaped_text.h"
#include "contract/infer.h"

namespace millrace::contract {

namespace {

std::string Quoted(const std::string& text) { return QuotedYaml(text); }

std::string List(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + Quoted(text);
  return out + ']';
}

std::string FromText(const ColumnFrom& from) {
  if (from.constant) return "{const: " + Quoted(*from.constant) + '}';
  if (!from.expression.empty()) return "{expr: " + Quoted(from.expression) + '}';
  return Quoted(from.path);
}

std::string FromMap(const std::map<std::string, ColumnFrom>& from) {
  if (from.size() == 1 && from.begin()->first.empty()) return FromText(from.begin()->second);
  std::string out = "{";
  for (const auto& [source, rule] : from) {
    out += (out.size() > 1 ? ", " : "") + Quoted(source) + ": " + FromText(rule);
  }
  return out + '}';
}

std::string ColumnText(const Column& column) {
  std::string out = "{type: " + Quoted(column.type_text);
  const auto add = [&](const char* key, const std::string& value) {
    out += std::string(", ") + key + ": " + value;
  };
  if (!column.from.empty()) add("from", FromMap(column.from));
  if (column.required) add("required", "true");
  if (column.unique) add("unique", "true");
  if (column.sensitive) add("sensitive", "true");
  if (column.trim != Trim::kNone) {
    add("trim", column.trim == Trim::kBoth   ? "both"
                : column.trim == Trim::kLeft ? "left"
                                             : "right");
  }
  if (column.default_value) add("default", Quoted(*column.default_value));
  if (!column.formats.empty()) add("format", List(column.formats));
  if (!column.null_values.empty()) add("null_values", List(column.null_values));
  if (!column.true_values.empty() || !column.false_values.empty()) {
    add("bool_values", "{\"true\": " + List(column.true_values) +
                           ", \"false\": " + List(column.false_values) + '}');
  }
  if (!column.enum_values.empty()) add("enum", List(column.enum_values));
  if (column.min) add("min", Quoted(*column.min));
  if (column.max) add("max", Quoted(*column.max));
  if (column.round) add("round", "true");
  if (column.length_min || column.length_max) {
    std::string length = "{";
    if (column.length_min) length += "min: " + std::to_string(*column.length_min);
    if (column.length_max)
      length += (column.length_min ? ", max: " : "max: ") + std::to_string(*column.length_max);
    add("length", length + '}');
  }
  if (!column.regex.empty()) add("regex", Quoted(column.regex));
  if (column.on_error != OnError::kReject) {
    add("on_error", column.on_error == OnError::kFail ? "fail" : "set_null");
  }
  return out + '}';
}

const char* UnknownText(UnknownColumns unknown) {
  switch (unknown) {
    case UnknownColumns::kDrop:
      return "drop";
    case UnknownColumns::kKeep:
      return "keep";
    case UnknownColumns::kFail:
      return "fail";
  }
  return "drop";
}

}  // namespace

std::string ColumnYaml(const Column& column) {
  return Quoted(column.name) + ": " + ColumnText(column);
}

std::string ContractYaml(const Contract& contract) {
  std::string out = "version: " + std::to_string(contract.version) + "\nunknown_columns: ";
  out += std::string(UnknownText(contract.unknown_columns)) + "\ncolumns:\n";
  for (const Column& column : contract.columns) out += "  " + ColumnYaml(column) + '\n';
  return out;
}

}  // namespace millrace::contract
