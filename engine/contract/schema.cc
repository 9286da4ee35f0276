// Schemas out of contracts, and what a contract says about a source.
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <unordered_set>

#include "base/reserved_columns.h"
#include "contract/contract.h"
#include "contract/features.h"
#include "expr/expression.h"

namespace millrace::contract {

std::shared_ptr<arrow::Schema> SchemaOf(const Contract& contract) {
  arrow::FieldVector fields;
  for (const Column& column : contract.columns) {
    std::vector<std::string> keys, values;
    if (column.sensitive) {
      keys.emplace_back(kSensitiveKey);
      values.emplace_back("true");
    }
    if (column.is_json) {
      keys.emplace_back("millrace.type");
      values.emplace_back("json");
    }
    if (!column.feature.empty()) {
      keys.emplace_back(kFeatureKey);
      values.push_back(column.feature);
    }
    auto field = arrow::field(column.name, column.type);
    if (!keys.empty()) field = field->WithMetadata(arrow::key_value_metadata(keys, values));
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields));
}

const ColumnFrom* FromOf(const Column& column, const std::string& source) {
  auto found = column.from.find(source);
  if (found == column.from.end()) found = column.from.find("");
  return found == column.from.end() ? nullptr : &found->second;
}

namespace {

// The top-level field of a JSON path: "doc" of "doc.id" and of "doc[0]".
std::string TopLevel(const std::string& path) { return path.substr(0, path.find_first_of(".[")); }

}  // namespace

std::vector<std::string> UnknownColumnsOf(const Contract& contract, const std::string& source,
                                          const arrow::Schema& file_schema) {
  std::unordered_set<std::string> used;
  const auto use = [&](const std::string& path) {
    used.insert(path);
    if (file_schema.GetAllFieldIndices(path).empty()) used.insert(TopLevel(path));
  };
  for (const Column& column : contract.columns) {
    const ColumnFrom* from = FromOf(column, source);
    if (from == nullptr) {
      use(column.name);
    } else if (!from->path.empty()) {
      use(from->path);
    } else if (!from->expression.empty()) {
      const auto expression = expr::Expression::Parse(from->expression);
      if (!expression.ok()) continue;  // ValidateContract's to say
      for (const std::string& name : expression->columns()) use(name);
    }
  }
  std::vector<std::string> unknown;
  for (const auto& field : file_schema.fields()) {
    if (used.count(field->name()) == 0 && !IsReservedColumn(field->name()))
      unknown.push_back(field->name());
  }
  return unknown;
}

Contract WithKeptColumns(Contract contract, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const bool known = std::any_of(contract.columns.begin(), contract.columns.end(),
                                   [&](const Column& column) { return column.name == name; });
    if (known || IsReservedColumn(name)) continue;
    Column column;
    column.name = name;
    column.type = arrow::utf8();
    column.optional = true;
    contract.columns.push_back(std::move(column));
  }
  return contract;
}

}  // namespace millrace::contract
