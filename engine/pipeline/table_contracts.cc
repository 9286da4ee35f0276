#include "pipeline/table_contracts.h"

#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "contract/features.h"
#include "contract/infer.h"
#include "io/parquet/normalised_type.h"
#include "pipeline/dataset_rows.h"
#include "pipeline/file_sample.h"

namespace millrace::pipeline {
namespace {

// Inference looks at this many files of a source, evenly spread, and so far into each.
constexpr size_t kFilesSampledMax = 16;
constexpr int64_t kBytesSampledPerFile = 4 << 20;

std::vector<size_t> SpreadEvenly(size_t count, size_t picks_max) {
  std::vector<size_t> picks;
  const size_t picked = std::min(count, picks_max);
  for (size_t i = 0; i < picked; ++i) picks.push_back(i * count / picked);
  return picks;
}

Result<contract::Contract> InferFromSamples(const std::string& table, const PipelineConfig& config,
                                            const InputFiles& inputs) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> samples;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (config.sources[i].contract != table) continue;
    for (const size_t pick : SpreadEvenly(inputs[i].files.size(), kFilesSampledMax)) {
      const io::FileInfo& file = inputs[i].files[pick];
      const Result<FileSample> sample = SampleFile(inputs[i], file, kBytesSampledPerFile);
      if (!sample.ok()) return AtPlace(sample.status(), config, config.sources[i].path_span);
      samples.insert(samples.end(), sample->batches.begin(), sample->batches.end());
    }
  }
  return contract::InferContract(samples);
}

Result<contract::Contract> Infer(const std::string& table, const PipelineConfig& config,
                                 const InputFiles& inputs) {
  std::vector<std::shared_ptr<arrow::Schema>> schemas;
  bool typed = true;  // datasets alone, whose types are not to be guessed
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (config.sources[i].contract != table) continue;
    ARROW_ASSIGN_OR_RAISE(auto schema, DatasetSchema(config.sources[i], inputs[i]));
    typed = typed && schema != nullptr;
    if (schema != nullptr) schemas.push_back(std::move(schema));
  }
  contract::Contract contract;
  if (typed) {
    contract = contract::ContractOfTypes(schemas);
  } else {
    ARROW_ASSIGN_OR_RAISE(contract, InferFromSamples(table, config, inputs));
  }
  contract.name = table;
  contract.inferred = true;
  // A file in the middle may lack a column that others have: its rows get null.
  for (contract::Column& column : contract.columns) column.optional = true;
  return contract;
}

Result<std::vector<std::string>> KeptColumns(const contract::Contract& contract, int index,
                                             const TableContracts& tables,
                                             const InputFiles& inputs) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (tables.of_source[i] != index) continue;
    for (const io::FileInfo& file : inputs[i].files) {
      // A file that cannot be opened is told about by CheckColumns, all of them at once.
      const Result<std::shared_ptr<arrow::Schema>> schema = SchemaOfFile(inputs[i], file);
      if (!schema.ok()) continue;
      for (std::string& name : contract::UnknownColumnsOf(contract, inputs[i].name, **schema)) {
        if (seen.insert(name).second) names.push_back(std::move(name));
      }
    }
  }
  return names;
}

// The column of every one of its sources that a column's values are taken from as they are, where
// all of them are datasets that call it the same.
std::string FeatureOf(const contract::Column& column, int table, const PipelineConfig& config,
                      const std::vector<std::shared_ptr<arrow::Schema>>& schemas,
                      const TableContracts& tables) {
  std::string feature;
  for (size_t i = 0; i < config.sources.size(); ++i) {
    if (tables.of_source[i] != table) continue;
    if (schemas[i] == nullptr || column.is_json) return "";
    const contract::ColumnFrom* from = contract::FromOf(column, config.sources[i].name);
    const auto field = schemas[i]->GetFieldByName(from == nullptr ? column.name : from->path);
    if (field == nullptr || !field->HasMetadata()) return "";
    if (!io::NormalisedType(field->type())->Equals(column.type)) return "";
    const std::string told = field->metadata()->Get(contract::kFeatureKey).ValueOr("");
    if (told.empty() || (!feature.empty() && told != feature)) return "";
    feature = told;
  }
  return feature;
}

Status TakeFeatures(const PipelineConfig& config, const InputFiles& inputs,
                    TableContracts& tables) {
  std::vector<std::shared_ptr<arrow::Schema>> schemas;
  for (size_t i = 0; i < inputs.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(schemas.emplace_back(), DatasetSchema(config.sources[i], inputs[i]));
  }
  for (size_t i = 0; i < tables.contracts.size(); ++i) {
    nlohmann::json taken;
    for (contract::Column& column : tables.contracts[i].columns) {
      column.feature = FeatureOf(column, static_cast<int>(i), config, schemas, tables);
      if (!column.feature.empty()) taken[column.name] = column.feature;
    }
    if (taken.empty()) continue;
    tables.json[i] = nlohmann::json{{"declared", tables.json[i]}, {"features", taken}}.dump();
  }
  return Status::OK();
}

}  // namespace

Result<TableContracts> ResolveContracts(const PipelineConfig& config, const InputFiles& inputs) {
  TableContracts tables;
  tables.contracts = config.contracts;
  for (const contract::Contract& contract : tables.contracts) {
    tables.json.push_back(config.contract_json.at(contract.name));
  }
  for (const SourceConfig& source : config.sources) {
    auto found = std::find_if(tables.contracts.begin(), tables.contracts.end(),
                              [&](const auto& c) { return c.name == source.contract; });
    if (found == tables.contracts.end()) {
      ARROW_ASSIGN_OR_RAISE(contract::Contract inferred, Infer(source.contract, config, inputs));
      tables.json.push_back(nlohmann::json{{"inferred", contract::ContractYaml(inferred)}}.dump());
      tables.contracts.push_back(std::move(inferred));
      found = std::prev(tables.contracts.end());
    }
    tables.of_source.push_back(static_cast<int>(found - tables.contracts.begin()));
  }
  for (size_t i = 0; i < tables.contracts.size(); ++i) {
    contract::Contract& contract = tables.contracts[i];
    if (contract.unknown_columns != contract::UnknownColumns::kKeep) continue;
    ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> kept,
                          KeptColumns(contract, static_cast<int>(i), tables, inputs));
    if (kept.empty()) continue;
    contract = contract::WithKeptColumns(std::move(contract), kept);
    tables.json[i] = nlohmann::json{{"declared", tables.json[i]}, {"kept", kept}}.dump();
  }
  ARROW_RETURN_NOT_OK(TakeFeatures(config, inputs, tables));
  return tables;
}

Result<TableContracts> KnownContracts(const PipelineConfig& config) {
  for (const SourceConfig& source : config.sources) {
    const io::DatasetReadOptions* dataset = DatasetOf(source);
    const bool at_hand = dataset != nullptr && dataset->dataset != nullptr;
    const bool declared =
        std::any_of(config.contracts.begin(), config.contracts.end(),
                    [&](const auto& contract) { return contract.name == source.contract; });
    if (at_hand || declared) continue;
    return MakeError(ErrorCode::kBadValue, "nothing says what the columns are",
                     "declare the contract in the config");
  }
  return ResolveContracts(config, InputFiles(config.sources.size()));
}

std::set<std::string> SensitiveColumnsOf(const contract::Contract& contract) {
  std::set<std::string> names;
  for (const contract::Column& column : contract.columns) {
    if (column.sensitive) names.insert(column.name);
  }
  return names;
}

std::string ProposalKey(const contract::Contract& contract) {
  return "contract.proposed." + (contract.name.empty() ? "" : contract.name + ".") + "yaml";
}

std::string ProposalText(const contract::Contract& contract) {
  const std::string table = contract.name;
  return "# Inferred from samples, because the config declares no contract for " +
         (table.empty() ? "its sources.\n" : "the table `" + table + "`.\n") +
         "# Check it, tighten it, and put it into the config below `" +
         (table.empty() ? "contract" : "contracts: " + table) + "`.\n" +
         contract::ContractYaml(contract);
}

}  // namespace millrace::pipeline
