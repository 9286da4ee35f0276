// Operators as tests want them: parameters as texts, columns as literals.
#pragma once

#include <arrow/api.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/quantity.h"
#include "base/reserved_columns.h"
#include "contract/value_text.h"
#include "op/chain.h"
#include "op/filter/quota_filter.h"

namespace millrace::op::testing {

/// Of a parameter: its key and its value as one would write it; lists as "a, b", maps of texts as
/// "a: b, c: d".
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// What a config would hold for the instance. Defaults are filled in; what the tables of the
/// operator do not know is a failed check.
ConfigValue InstanceValue(const std::string& type, const std::string& id,
                          const Parameters& parameters);

/// The operator over the columns (by working name, without row ids), or its problems, joined by
/// newlines. A secret is the text of its reference.
Result<Instance> Bind(const std::string& type, const std::string& id, const Parameters& parameters,
                      const std::shared_ptr<arrow::Schema>& columns, uint64_t seed = 0,
                      std::shared_ptr<const Resources> resources = nullptr);

/// A chain of instances over stored rows, each bound to what reaches it.
struct Step {
  std::string type, id;
  Parameters parameters;
};
Result<std::shared_ptr<const Chain>> MakeChain(const std::shared_ptr<arrow::Schema>& stored,
                                               const std::vector<Step>& steps, uint64_t seed = 0);

using Texts = std::vector<std::optional<std::string>>;
std::shared_ptr<arrow::Array> TextArray(const Texts& values);
std::shared_ptr<arrow::Array> IntArray(const std::vector<std::optional<int64_t>>& values);

/// A batch of the columns with row ids "src/file#0", "src/file#1", ... behind them.
std::shared_ptr<arrow::RecordBatch> Rows(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns);

/// Applies the chain to the whole and to slices of every length, which must give the same.
ChainResult Apply(const Chain& chain, const std::shared_ptr<arrow::RecordBatch>& rows);

/// The values of a column as JSON texts; "null" for nulls.
std::vector<std::string> Values(const arrow::RecordBatch& rows, const std::string& column);

namespace internal {

// Tables of parameters point at the spans of values: their place must not be null.
inline const pipeline::ConfigNode* Written() {
  static const int place = 0;
  return reinterpret_cast<const pipeline::ConfigNode*>(&place);
}

inline std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(", ", begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return parts;
}

inline ConfigValue TextValue(const std::string& text) {
  ConfigValue value;
  value.kind = ConfigValue::Kind::kText;
  value.node = Written();
  value.text = text;
  return value;
}

inline ConfigValue Parse(const Field& field, const std::string& text) {
  ConfigValue value = TextValue(text);
  switch (field.type) {
    case FieldType::kSize:
      value.kind = ConfigValue::Kind::kInteger;
      value.integer = ParseByteSize(text).ValueOrDie();
      break;
    case FieldType::kInteger:
      value.kind = ConfigValue::Kind::kInteger;
      value.integer = std::strtoll(text.c_str(), nullptr, 10);
      break;
    case FieldType::kNumber:
      value.kind = ConfigValue::Kind::kNumber;
      value.number = std::strtod(text.c_str(), nullptr);
      break;
    case FieldType::kBool:
      value.kind = ConfigValue::Kind::kBool;
      value.boolean = text == "true";
      break;
    case FieldType::kTexts:
      value.kind = ConfigValue::Kind::kTexts;
      for (const std::string& item : Split(text)) value.items.push_back(TextValue(item));
      break;
    case FieldType::kNamedTexts:
      value.kind = ConfigValue::Kind::kObject;
      for (const std::string& item : Split(text)) {
        const size_t colon = item.find(": ");
        value.members.push_back({item.substr(0, colon), TextValue(item.substr(colon + 2))});
        value.member_spans.emplace_back();
      }
      break;
    default:
      break;
  }
  return value;
}

inline std::string Joined(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += (text.empty() ? "" : "\n") + problem.diagnostic.message;
  }
  return text;
}

}  // namespace internal

inline ConfigValue InstanceValue(const std::string& type, const std::string& id,
                                 const Parameters& parameters) {
  ConfigValue value;
  value.kind = ConfigValue::Kind::kObject;
  value.node = internal::Written();
  for (const ObjectSpec* variant : OperatorSpec().variants) {
    if (variant->type_value == type) value.spec = variant;
  }
  if (type == kOutputMixture) {
    value.spec = &OutputMixtureSpec();
  } else {
    REQUIRE_MESSAGE(value.spec != nullptr, type);
    value.members.push_back({"type", internal::TextValue(type)});
    value.members.push_back({"id", internal::TextValue(id)});
  }
  for (const auto& parameter : parameters) {  // no binding: a check may be a lambda inside
    const Field* field = value.spec->Find(parameter.first);
    REQUIRE_MESSAGE(field != nullptr, parameter.first);
    value.members.push_back({parameter.first, internal::Parse(*field, parameter.second)});
  }
  for (const Field& field : value.spec->fields) {
    if (field.fallback.empty() || value.Find(field.key) != nullptr) continue;
    value.members.push_back({field.key, internal::Parse(field, field.fallback)});
    value.members.back().value.node = nullptr;
  }
  return value;
}

inline Result<Instance> Bind(const std::string& type, const std::string& id,
                             const Parameters& parameters,
                             const std::shared_ptr<arrow::Schema>& columns, uint64_t seed,
                             std::shared_ptr<const Resources> resources) {
  const ConfigValue value = InstanceValue(type, id, parameters);
  std::vector<Problem> problems;
  Instance instance;
  instance.id = id;
  instance.type = type == kOutputMixture ? &OutputMixture() : FindOperator(type);
  instance.common = CommonOf(value);
  instance.op = instance.type->make(
      Request(value, id, seed, columns, &problems,
              {[](const std::string& reference) { return Result<std::string>(reference); },
               resources,
               {}}));
  if (!problems.empty()) return Status::Invalid(internal::Joined(problems));
  REQUIRE(instance.op != nullptr);
  if (!instance.type->any_kind) CHECK(instance.op->kind() == instance.type->kind);
  return instance;
}

inline Result<std::shared_ptr<const Chain>> MakeChain(const std::shared_ptr<arrow::Schema>& stored,
                                                      const std::vector<Step>& steps,
                                                      uint64_t seed) {
  ChainColumns columns(*stored);
  std::vector<Instance> instances;
  for (const Step& step : steps) {
    ARROW_ASSIGN_OR_RAISE(Instance instance,
                          Bind(step.type, step.id, step.parameters, columns.working(), seed));
    columns.Add(instance);
    instances.push_back(std::move(instance));
  }
  return Chain::Make(stored, std::move(instances));
}

inline std::shared_ptr<arrow::Array> TextArray(const Texts& values) {
  arrow::StringBuilder builder;
  for (const auto& value : values) {
    REQUIRE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

inline std::shared_ptr<arrow::Array> IntArray(const std::vector<std::optional<int64_t>>& values) {
  arrow::Int64Builder builder;
  for (const auto& value : values) {
    REQUIRE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

inline std::shared_ptr<arrow::RecordBatch> Rows(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  Texts ids;
  const int64_t rows = arrays.front()->length();
  for (int64_t row = 0; row < rows; ++row) ids.push_back("src/file#" + std::to_string(row));
  fields.push_back(arrow::field(std::string(kRowIdColumn), arrow::utf8(), false));
  arrays.push_back(TextArray(ids));
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, arrays);
}

inline ChainResult Apply(const Chain& chain, const std::shared_ptr<arrow::RecordBatch>& rows) {
  const Result<ChainResult> whole = chain.Apply(*rows);
  REQUIRE_MESSAGE(whole.ok(), whole.status().ToString());
  for (int64_t length = 1; length < rows->num_rows(); ++length) {
    arrow::RecordBatchVector parts;
    for (int64_t begin = 0; begin < rows->num_rows(); begin += length) {
      const Result<ChainResult> part = chain.Apply(*rows->Slice(begin, length));
      REQUIRE_MESSAGE(part.ok(), part.status().ToString());
      parts.push_back(part->rows);
    }
    const auto table = arrow::Table::FromRecordBatches(parts).ValueOrDie();
    const auto joined = table->CombineChunksToBatch().ValueOrDie();
    CHECK(joined->Equals(*whole->rows));
  }
  return *whole;
}

inline std::vector<std::string> Values(const arrow::RecordBatch& rows, const std::string& column) {
  const auto array = rows.GetColumnByName(column);
  REQUIRE_MESSAGE(array != nullptr, column);
  std::vector<std::string> values;
  for (int64_t row = 0; row < array->length(); ++row) {
    contract::AppendValueJson(*array, row, &values.emplace_back());
  }
  return values;
}

}  // namespace millrace::op::testing
