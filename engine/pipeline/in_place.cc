#include "pipeline/in_place.h"

#include <algorithm>

namespace millrace::pipeline {
namespace {

// Where no stage reads either, whoever has a dataset at hand has its rows.
bool NoneButStagesRead(const PipelineConfig& config, const SourceConfig& source, bool is_at_hand) {
  if (config.model) return false;  // which is held against the rows of tables
  const auto reads = [&](const StageConfig& stage) {
    return std::find(stage.inputs.begin(), stage.inputs.end(), source.name) != stage.inputs.end();
  };
  const auto publishes = [&](const ExportConfig& target) {
    return target.stage.empty() && target.contract == source.contract;
  };
  const bool is_read = std::any_of(config.stages.begin(), config.stages.end(), reads);
  return (is_read || is_at_hand) &&
         std::none_of(config.exports.begin(), config.exports.end(), publishes);
}

// Streams are none by now: they have been stored, as files.
bool IsDataset(const source::FileSource& files) {
  const auto* rows = std::get_if<io::DatasetReadOptions>(&files.format);
  return rows != nullptr && rows->dataset != nullptr;
}

bool CanBeReadAgain(const source::FileSource& files) {
  if (IsDataset(files)) return true;
  const bool known = std::holds_alternative<io::ParquetReadOptions>(files.format) ||
                     std::holds_alternative<io::JsonlOptions>(files.format) ||
                     std::holds_alternative<io::CsvOptions>(files.format);
  const bool local = files.store != nullptr && !files.store->LocalPath("file").empty();
  return known && local && files.snapshot.empty();
}

}  // namespace

bool StaysInPlace(const PipelineConfig& config, const SourceConfig& source,
                  const source::FileSource& files, const contract::Contract& contract) {
  const bool compares = std::any_of(contract.columns.begin(), contract.columns.end(),
                                    [](const contract::Column& column) { return column.unique; });
  return !source.keeps_rows && !compares && CanBeReadAgain(files) &&
         NoneButStagesRead(config, source, IsDataset(files) && source.path.empty());
}

}  // namespace millrace::pipeline
