#include "export/columns.h"

#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/diagnostic.h"
#include "base/reserved_columns.h"
#include "contract/features.h"

namespace millrace::exporting {
namespace {

using Json = nlohmann::ordered_json;

// The features of the columns that stay, in their order; other metadata passes as it is.
std::shared_ptr<const arrow::KeyValueMetadata> SelectMetadata(const arrow::Schema& schema,
                                                              const arrow::FieldVector& fields) {
  if (!schema.HasMetadata()) return nullptr;
  auto metadata = schema.metadata()->Copy();
  const int at = metadata->FindKey(contract::kFeaturesKey);
  if (at < 0) return metadata;
  Json json = Json::parse(metadata->value(at), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.contains("info") || !json["info"].contains("features")) {
    return metadata;
  }
  Json selected = Json::object();
  for (const auto& field : fields) {
    const Json& features = json["info"]["features"];
    if (features.contains(field->name())) selected[field->name()] = features[field->name()];
  }
  json["info"]["features"] = selected;
  auto status = metadata->Set(contract::kFeaturesKey, json.dump());
  return status.ok() ? metadata : nullptr;
}

ColumnChoice Choose(const arrow::Schema& schema, std::vector<int> positions) {
  ColumnChoice choice;
  arrow::FieldVector fields;
  choice.unchanged = static_cast<int>(positions.size()) == schema.num_fields() &&
                     std::is_sorted(positions.begin(), positions.end());
  for (int position : positions) fields.push_back(schema.field(position));
  choice.schema = arrow::schema(fields, SelectMetadata(schema, fields));
  choice.positions = std::move(positions);
  return choice;
}

}  // namespace

Result<ColumnChoice> ChooseColumns(const std::shared_ptr<arrow::Schema>& input,
                                   const ExportOptions& options) {
  std::vector<int> positions;
  std::vector<Diagnostic> missing;
  for (const std::string& name : options.columns) {
    const int position = input->GetFieldIndex(name);
    if (position >= 0) {
      positions.push_back(position);
      continue;
    }
    Diagnostic diagnostic;
    diagnostic.code = ErrorCode::kMissingColumn;
    diagnostic.message = "the export \"" + options.name + "\" names the column \"" + name +
                         "\", which the rows do not have";
    diagnostic.suggestion = DidYouMean(name, input->field_names());
    missing.push_back(diagnostic);
  }
  if (!missing.empty()) return MakeError(missing);
  for (int i = 0; i < input->num_fields(); ++i) {
    const bool reserved = IsReservedColumn(input->field(i)->name());
    const bool named = std::find(positions.begin(), positions.end(), i) != positions.end();
    if (!named && (reserved ? options.provenance : options.columns.empty())) positions.push_back(i);
  }
  return Choose(*input, std::move(positions));
}

ColumnChoice WithoutColumns(const ColumnChoice& choice, const std::vector<std::string>& names) {
  std::vector<int> kept;
  for (int i = 0; i < choice.schema->num_fields(); ++i) {
    const std::string& name = choice.schema->field(i)->name();
    if (std::find(names.begin(), names.end(), name) == names.end()) kept.push_back(i);
  }
  ColumnChoice result = Choose(*choice.schema, kept);
  for (int& position : result.positions) position = choice.positions[static_cast<size_t>(position)];
  return result;
}

}  // namespace millrace::exporting
