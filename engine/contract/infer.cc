#include "contract/infer.h"

#include <arrow/array.h>

#include <algorithm>
#include <map>

#include "base/reserved_columns.h"
#include "contract/cast/text_cast.h"
#include "contract/value_text.h"
#include "io/parquet/normalised_type.h"

namespace millrace::contract {

namespace {

// Narrowest first. A column keeps the first that every sampled value proves.
const std::vector<std::string>& Candidates() {
  static const std::vector<std::string> types = {
      "bool", "int64", "float64", "date", "timestamp[us]", "timestamp[us, UTC]", "json"};
  return types;
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Whether a text that was cast says no more than its value: "1.50" and "TRUE" do.
bool SaysTheSame(const arrow::DataType& type, bool is_json, std::string_view text,
                 const std::string& value) {
  switch (type.id()) {
    case arrow::Type::DOUBLE:
      return text == value || text == value + ".0";
    case arrow::Type::TIMESTAMP:
      // The fraction and the separator may be written in several ways; another zone is information.
      return static_cast<const arrow::TimestampType&>(type).timezone().empty() ||
             EndsWith(text, "Z") || EndsWith(text, "+00:00");
    case arrow::Type::STRING:
      return !is_json || text.front() == '{' || text.front() == '[';
    default:
      return text == value;
  }
}

// A typed column keeps its type when a contract can declare it.
std::string DeclarableType(const std::shared_ptr<arrow::DataType>& type) {
  const std::string text = TypeText(*type);
  const auto parsed = ParseType(text, nullptr);
  return parsed.ok() && (*parsed)->Equals(type) ? text : "string";
}

class ColumnEvidence {
 public:
  void Add(const std::shared_ptr<arrow::Array>& values) {
    if (values->null_count() == values->length()) return;
    const bool text = values->type_id() == arrow::Type::STRING;
    if (seen_ && (text != text_ || (!text && !values->type()->Equals(type_)))) mixed_ = true;
    seen_ = true;
    text_ = text;
    type_ = values->type();
    if (text && !mixed_) Narrow(std::static_pointer_cast<arrow::StringArray>(values));
  }

  Column Conclude(const std::string& name) const {
    Column column;
    column.name = name;
    column.type_text = "string";
    if (seen_ && !mixed_) column.type_text = text_ ? FirstAlive() : DeclarableType(type_);
    column.type = ParseType(column.type_text, &column.is_json).ValueOrDie();
    return column;
  }

 private:
  void Narrow(const std::shared_ptr<arrow::StringArray>& texts) {
    for (const std::string& candidate : Candidates()) {
      bool& alive = alive_.emplace(candidate, true).first->second;
      alive = alive && Proves(candidate, texts);
    }
  }

  static bool Proves(const std::string& candidate,
                     const std::shared_ptr<arrow::StringArray>& texts) {
    TextCastOptions options;
    const auto type = ParseType(candidate, &options.is_json).ValueOrDie();
    const auto cast = MakeTextCast(type, options).ValueOrDie();
    const auto result = cast->Cast(texts);
    if (!result.ok() || !result->failures.empty()) return false;
    std::string value;
    for (int64_t row = 0; row < texts->length(); ++row) {
      if (texts->IsNull(row)) continue;
      value.clear();
      AppendValueText(*result->values, row, &value);
      if (!SaysTheSame(*type, options.is_json, texts->GetView(row), value)) return false;
    }
    return true;
  }

  std::string FirstAlive() const {
    for (const std::string& candidate : Candidates()) {
      const auto found = alive_.find(candidate);
      if (found != alive_.end() && found->second) return candidate;
    }
    return "string";
  }

  bool seen_ = false, text_ = false, mixed_ = false;
  std::shared_ptr<arrow::DataType> type_;
  std::map<std::string, bool> alive_;
};

}  // namespace

Result<Contract> InferContract(const std::vector<std::shared_ptr<arrow::RecordBatch>>& samples) {
  std::vector<std::string> order;
  std::map<std::string, ColumnEvidence> columns;
  for (const auto& sample : samples) {
    for (int i = 0; i < sample->num_columns(); ++i) {
      const std::string& name = sample->column_name(i);
      if (IsReservedColumn(name)) continue;
      if (columns.find(name) == columns.end()) order.push_back(name);
      columns[name].Add(sample->column(i));
    }
  }
  Contract contract;
  contract.inferred = true;
  for (const std::string& name : order) contract.columns.push_back(columns[name].Conclude(name));
  return contract;
}

Contract ContractOfTypes(const std::vector<std::shared_ptr<arrow::Schema>>& schemas) {
  Contract contract;
  contract.inferred = true;
  for (const auto& schema : schemas) {
    for (const auto& field : schema->fields()) {
      if (IsReservedColumn(field->name())) continue;
      const std::string text = DeclarableType(io::NormalisedType(field->type()));
      const auto found =
          std::find_if(contract.columns.begin(), contract.columns.end(),
                       [&](const Column& column) { return column.name == field->name(); });
      Column column;
      column.name = field->name();
      column.type_text =
          found == contract.columns.end() || found->type_text == text ? text : "string";
      column.type = ParseType(column.type_text, &column.is_json).ValueOrDie();
      if (found == contract.columns.end()) {
        contract.columns.push_back(std::move(column));
      } else {
        *found = std::move(column);
      }
    }
  }
  return contract;
}

}  // namespace millrace::contract
