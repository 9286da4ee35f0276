#include "pipeline/in_place.h"

#include <algorithm>

namespace millrace::pipeline {
namespace {

bool OnlyStagesRead(const PipelineConfig& config, const SourceConfig& source) {
  if (config.model) return false;  // which is held against the rows of tables
  const auto reads = [&](const StageConfig& stage) {
    return std::find(stage.inputs.begin(), stage.inputs.end(), source.name) != stage.inputs.end();
  };
  const auto publishes = [&](const ExportConfig& target) {
    return target.stage.empty() && target.contract == source.contract;
  };
  return std::any_of(config.stages.begin(), config.stages.end(), reads) &&
         std::none_of(config.exports.begin(), config.exports.end(), publishes);
}

bool CanBeReadAgain(const source::FileSource& files) {
  if (const auto* rows = std::get_if<io::DatasetReadOptions>(&files.format)) {
    return rows->dataset != nullptr;  // a stream has been stored, as files
  }
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
  return !source.keeps_rows && !compares && CanBeReadAgain(files) && OnlyStagesRead(config, source);
}

}  // namespace millrace::pipeline
