#include "pipeline/pipeline.h"

#include <arrow/compute/initialize.h>

#include <filesystem>

#include "base/sha256.h"
#include "io/object/store_url.h"
#include "pipeline/column_check.h"
#include "pipeline/config/loader.h"
#include "pipeline/config/model_contract.h"
#include "pipeline/data_problems.h"
#include "pipeline/input_files.h"
#include "pipeline/stage_plans.h"
#include "pipeline/table_contracts.h"

namespace millrace {
namespace {

pipeline::LoadOptions LoadFor(const LoadOptions& options) {
  pipeline::LoadOptions load;
  load.params = options.params;
  load.at_step = options.at_step;
  load.look_at_data = pipeline::ProblemsInData;
  load.open_resources = true;
  load.host_operators = options.host_operators;
  return load;
}

}  // namespace

Result<std::shared_ptr<const Pipeline>> LoadPipeline(const std::string& path,
                                                     const LoadOptions& options) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());  // regexes and expressions need its functions
  ARROW_ASSIGN_OR_RAISE(pipeline::PipelineConfig config,
                        pipeline::LoadConfig(path, LoadFor(options)));
  return std::make_shared<const Pipeline>(std::move(config));
}

Result<std::shared_ptr<const Pipeline>> LoadPipelineText(const std::string& text,
                                                         const std::string& file,
                                                         const std::string& base_dir,
                                                         const LoadOptions& options) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  const std::string base = std::filesystem::absolute(base_dir).lexically_normal().string();
  ARROW_ASSIGN_OR_RAISE(pipeline::PipelineConfig config,
                        pipeline::ParseConfig(text, file, base, LoadFor(options)));
  return std::make_shared<const Pipeline>(std::move(config));
}

std::vector<std::string> StagesOf(const Pipeline& pipeline) {
  std::vector<std::string> names = {"ingest"};
  for (const auto& stage : pipeline.config().stages) names.push_back(stage.name);
  return names;
}

std::vector<std::string> ExportsOf(const Pipeline& pipeline) {
  std::vector<std::string> names;
  for (const auto& e : pipeline.config().exports) names.push_back(e.options.name);
  return names;
}

std::string WorkspaceOf(const Pipeline& pipeline) { return pipeline.config().workspace; }

std::shared_ptr<const Pipeline> WithWorkspace(const Pipeline& pipeline, const std::string& place) {
  pipeline::PipelineConfig config = pipeline.config();
  config.workspace =
      io::IsUrl(place) ? place : std::filesystem::absolute(place).lexically_normal().string();
  return std::make_shared<const Pipeline>(std::move(config));
}

Status ValidatePipeline(const Pipeline& pipeline) {
  const pipeline::PipelineConfig& config = pipeline.config();
  ARROW_ASSIGN_OR_RAISE(const pipeline::InputFiles inputs, pipeline::FindInputFiles(config));
  ARROW_ASSIGN_OR_RAISE(const pipeline::TableContracts tables,
                        pipeline::ResolveContracts(config, inputs));
  ARROW_RETURN_NOT_OK(pipeline::CheckColumns(config, inputs, tables));
  return pipeline::BindStages(config, tables).status();
}

std::string PipelineSchema() { return pipeline::PipelineSchemaJson(); }

std::string ModelContractSchema() { return pipeline::ModelContractSchemaJson(); }

namespace pipeline {

std::string PlanId(const PipelineConfig& config) {
  return Sha256Hex(config.resolved_yaml).substr(0, 12);
}

}  // namespace pipeline
}  // namespace millrace
