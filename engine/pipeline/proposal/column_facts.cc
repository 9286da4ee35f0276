#include "pipeline/proposal/column_facts.h"

#include <arrow/api.h>

#include <functional>
#include <unordered_set>
#include <utility>

#include "base/utf8.h"
#include "contract/infer.h"
#include "contract/sensitive_hint.h"
#include "contract/value_text.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kDistinctMax = 100'000;
constexpr size_t kExamples = 3;
constexpr size_t kExampleBytesMax = 40;

// Nested values may hold anything, and so may bytes.
bool MayBeShown(const arrow::DataType& type, bool is_json) {
  return !is_json && !arrow::is_nested(type.id()) && type.id() != arrow::Type::BINARY;
}

class Collector {
 public:
  explicit Collector(contract::Column column) {
    facts_.column = std::move(column);
    shown_ = MayBeShown(*facts_.column.type, facts_.column.is_json);
  }

  Status Add(const std::shared_ptr<arrow::Array>& values) {
    facts_.rows += values->length();
    facts_.nulls += values->null_count();
    if (values->type_id() == arrow::Type::STRING) {
      auto texts = std::static_pointer_cast<arrow::StringArray>(values);
      for (int64_t row = 0; row < texts->length(); ++row) {
        if (texts->IsValid(row)) See(texts->GetView(row));
      }
      texts_.push_back(std::move(texts));
      return Status::OK();
    }
    facts_.typed = true;
    std::string text;
    for (int64_t row = 0; row < values->length(); ++row) {
      if (values->IsNull(row)) continue;
      text.clear();
      contract::AppendValueText(*values, row, &text);
      See(text);
    }
    return Status::OK();
  }

  void AddMissing(int64_t rows) {
    facts_.rows += rows;
    facts_.nulls += rows;
  }

  Result<ColumnFacts> Finish(bool json_records) {
    facts_.distinct = static_cast<int64_t>(seen_.size());
    const std::string by_name = contract::SensitiveByName(facts_.column.name);
    const std::string by_value = values_.Kind();
    if (!by_name.empty()) {
      facts_.sensitive_reason = "its name stands for " + by_name;
    } else if (!by_value.empty()) {
      facts_.sensitive_reason = "its values look like " + by_value;
    }
    facts_.column.sensitive = !facts_.sensitive_reason.empty();
    if (facts_.column.sensitive || values_.any() || !shown_) {
      facts_.examples.clear();
      if (!facts_.column.sensitive && values_.any()) {
        facts_.held_back = "some values may hold data about persons";
      }
    }
    if (json_records && nested_ && facts_.column.type_text == "string") {
      // Only json takes objects and scalars in one column.
      facts_.column.type_text = "json";
      ARROW_ASSIGN_OR_RAISE(facts_.column.type,
                            contract::ParseType("json", &facts_.column.is_json));
      facts_.mixed = true;
      facts_.examples.clear();
    }
    if (!facts_.typed && facts_.column.type_text == "string") {
      ARROW_ASSIGN_OR_RAISE(facts_.hints, contract::TypeHintsOf(texts_));
    }
    return std::move(facts_);
  }

 private:
  void See(std::string_view text) {
    values_.Add(text);
    nested_ = nested_ || (!text.empty() && (text.front() == '{' || text.front() == '['));
    if (seen_.size() >= kDistinctMax) {
      facts_.distinct_whole = facts_.distinct_whole && seen_.count(Hash(text)) > 0;
      return;
    }
    if (!seen_.insert(Hash(text)).second) return;
    if (facts_.examples.size() >= kExamples || text.empty()) return;
    facts_.examples.push_back(CutText(text, kExampleBytesMax));
  }

  static size_t Hash(std::string_view text) { return std::hash<std::string_view>()(text); }

  ColumnFacts facts_;
  contract::SensitiveValues values_;
  std::unordered_set<size_t> seen_;
  std::vector<std::shared_ptr<arrow::StringArray>> texts_;
  bool shown_ = true, nested_ = false;
};

}  // namespace

Result<std::vector<ColumnFacts>> CollectFacts(
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, bool json_records) {
  ARROW_ASSIGN_OR_RAISE(contract::Contract inferred, contract::InferContract(batches));
  std::vector<ColumnFacts> facts;
  for (contract::Column& column : inferred.columns) {
    const std::string name = column.name;
    Collector collector(std::move(column));
    for (const auto& batch : batches) {
      const int index = batch->schema()->GetFieldIndex(name);
      if (index < 0) {
        collector.AddMissing(batch->num_rows());
      } else {
        ARROW_RETURN_NOT_OK(collector.Add(batch->column(index)));
      }
    }
    ARROW_ASSIGN_OR_RAISE(ColumnFacts found, collector.Finish(json_records));
    facts.push_back(std::move(found));
  }
  return facts;
}

}  // namespace millrace::pipeline
