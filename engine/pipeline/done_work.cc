#include "pipeline/done_work.h"

#include "contract/features.h"

namespace millrace::pipeline {

size_t DoneWork::TableIndex(const std::string& table) const {
  size_t index = 0;
  while (tables.contracts[index].name != table) ++index;
  return index;
}

exporting::ExportInput DoneWork::InputOf(const ExportConfig& config,
                                         std::shared_ptr<io::Store> workspace) const {
  const StageResult* stage = nullptr;
  for (const StageResult& result : stages) {
    if (result.manifest.stage == config.stage) stage = &result;
  }
  const stage::Manifest* manifest = stage != nullptr ? &stage->manifest : nullptr;
  for (size_t i = 0; manifest == nullptr && i < manifests.size(); ++i) {
    if (manifests[i].table == config.contract) manifest = &manifests[i];
  }
  MILLRACE_CHECK(manifest != nullptr);
  exporting::ExportInput input;
  input.store = std::move(workspace);
  input.run_id = manifest->run_id;
  input.table = manifest->table;
  input.schema = stage != nullptr
                     ? stage->schema
                     : contract::StoredSchema(tables.contracts[TableIndex(manifest->table)]);
  const std::string& folder = stage != nullptr ? stage->folder : ingest_folder;
  for (io::DataFile shard : manifest->outputs) {
    shard.path = folder + "/" + shard.path;
    input.shards.push_back(std::move(shard));
  }
  return input;
}

std::string TableOfStage(const PipelineConfig& config, size_t index) {
  const std::string& input = config.stages[index].inputs.front();
  for (size_t i = 0; i < index; ++i) {
    if (config.stages[i].name == input) return TableOfStage(config, i);
  }
  for (const SourceConfig& source : config.sources) {
    if (source.name == input) return source.contract;
  }
  MILLRACE_CHECK(false);
}

}  // namespace millrace::pipeline
