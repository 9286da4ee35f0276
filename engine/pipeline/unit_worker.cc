// The worker's side of a run whose units other processes do (millrace/units.h).
#include "base/build_info.h"
#include "millrace/units.h"
#include "pipeline/ingest_plan.h"
#include "pipeline/machine_limits.h"
#include "pipeline/pipeline.h"
#include "pipeline/places.h"
#include "pipeline/settled_inputs.h"
#include "pipeline/unit_order.h"
#include "stage/ingest_units.h"
#include "stage/manifest_json.h"
#include "stage/operators/operator_units.h"
#include "stage/rows_in_place.h"

namespace millrace {
namespace pipeline {
namespace {

class Worker : public UnitWorker {
 public:
  Worker(std::shared_ptr<const Pipeline> pipeline, const UnitWorkerOptions& options)
      : pipeline_(std::move(pipeline)), config_(pipeline_->config()), options_(options) {
    storage_ = config_.storage;
    storage_.cancelled = options.cancelled;
  }

  Status Open() {
    ARROW_ASSIGN_OR_RAISE(workspace_,
                          OpenPlace(config_.workspace, storage_, /*private_mode=*/true));
    context_.workspace = workspace_;
    context_.input = stage::RealInput();
    context_.limits.threads = options_.threads > 0  ? options_.threads
                              : config_.threads > 0 ? config_.threads
                                                    : DefaultThreads();
    context_.limits.memory_bytes = options_.memory_bytes > 0  ? options_.memory_bytes
                                   : config_.memory_bytes > 0 ? config_.memory_bytes
                                                              : DefaultMemoryBytes();
    context_.cancelled = options_.cancelled;
    return Status::OK();
  }

  std::string Perform(const std::string& unit) override { return ReplyToJson(Do(unit)); }

 private:
  Result<std::string> Do(const std::string& unit) {
    UnitHead head;
    stage::UnitCall call;
    ARROW_RETURN_NOT_OK(UnitFromJson(unit, &head, &call));
    ARROW_RETURN_NOT_OK(CheckVersion(head, call));
    if (!planned_ || head.ingest_folder != head_.ingest_folder ||
        head.snapshots != head_.snapshots) {
      ARROW_RETURN_NOT_OK(Plan(head, call));
    }
    head_ = head;
    if (call.kind == stage::UnitKind::kIngest) {
      if (ingest_ == nullptr) {
        stage_.reset();
        ARROW_ASSIGN_OR_RAISE(ingest_, stage::IngestUnits::Open(plan_, context_));
      }
      return ingest_->Perform(call);
    }
    if (stage_ == nullptr || stage_folder_ != call.folder) {
      ingest_.reset();
      stage_.reset();
      ARROW_RETURN_NOT_OK(PlanStage(head, call));
      stage_folder_ = call.folder;
    }
    return stage_->Perform(call);
  }

  Status CheckVersion(const UnitHead& head, const stage::UnitCall& call) const {
    const std::string code(CodeVersion());
    if (head.engine_version != EngineVersion() || head.code_version != code) {
      return stage::OtherPlan(call, "it runs " + EngineVersion() + " (" + code + "), the driver " +
                                        head.engine_version + " (" + head.code_version + ")");
    }
    if (head.plan_id == PlanId(config_)) return Status::OK();
    return stage::OtherPlan(
        call, "its config comes to plan " + PlanId(config_) + ", the driver's to " + head.plan_id);
  }

  Status Plan(const UnitHead& head, const stage::UnitCall& call) {
    planned_ = false;
    ingest_.reset();
    stage_.reset();
    SnapshotChoice choice;
    choice.offline = true;  // a stream is stored already, and of an API there are snapshots
    choice.ids = head.snapshots;
    const SnapshotFetch fetch = MakeFetch(config_, workspace_, choice, options_.cancelled);
    ARROW_ASSIGN_OR_RAISE(settled_, SettleInputs(config_, &fetch, options_.cancelled));
    ARROW_ASSIGN_OR_RAISE(plan_, MakeIngestPlan(config_, settled_.files, settled_.tables));
    if (stage::IngestFolder(plan_) != head.ingest_folder) {
      return stage::OtherPlan(call, "ingest commits to " + stage::IngestFolder(plan_) +
                                        ", the driver's to " + head.ingest_folder);
    }
    planned_ = true;
    return Status::OK();
  }

  Result<stage::Manifest> ManifestAt(const std::string& key) const {
    ARROW_ASSIGN_OR_RAISE(const std::string text,
                          workspace_->ReadSmall(key, /*bytes_max=*/int64_t{1} << 30));
    return stage::ManifestFromJson(text, key);
  }

  // As the driver planned it, over what the manifests of the stages before say.
  Status PlanStage(const UnitHead& head, const stage::UnitCall& call) {
    CommittedRows committed;
    for (const contract::Contract& contract : settled_.tables.contracts) {
      ARROW_ASSIGN_OR_RAISE(const auto manifest,
                            ManifestAt(stage::ManifestKey(plan_, contract.name)));
      committed.AddTable(config_, contract.name, head.ingest_folder, manifest);
    }
    for (size_t i = 0; i < config_.stages.size(); ++i) {
      const StageConfig& stage = config_.stages[i];
      const auto folder = head.folders.find(stage.name);
      if (folder == head.folders.end()) break;
      if (stage.name != call.stage) {
        ARROW_ASSIGN_OR_RAISE(const auto manifest, ManifestAt(folder->second + "/manifest.json"));
        committed.AddStage(folder->second, manifest);
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(stage::OperatorPlan plan,
                            MakeOperatorPlan(plan_, stage, settled_.chains[i], committed));
      ARROW_ASSIGN_OR_RAISE(const int64_t page_bytes, stage::LargestPageInPlace(plan_));
      const auto in_place = stage::OpenRowsInPlace(plan_, context_, page_bytes);
      for (stage::StageInput& input : plan.inputs) input.in_place = in_place;
      ARROW_ASSIGN_OR_RAISE(plan.generation, GenerationOf(plan, call));
      return stage::OperatorUnits::Open(std::move(plan), context_).Value(&stage_);
    }
    return stage::OtherPlan(call, "it has no such stage");
  }

  // Behind the first, generations have their number behind the folder's name.
  static Result<int> GenerationOf(const stage::OperatorPlan& plan, const stage::UnitCall& call) {
    const std::string first = stage::OperatorFolder(plan);
    if (call.folder == first) return 0;
    if (call.folder.rfind(first + '.', 0) == 0) {
      const std::string number = call.folder.substr(first.size() + 1);
      const bool is_number = !number.empty() && number.size() < 9 &&
                             number.find_first_not_of("0123456789") == std::string::npos;
      if (is_number) return std::stoi(number);
    }
    return stage::OtherPlan(call, "it commits to " + first + ", the driver to " + call.folder);
  }

  const std::shared_ptr<const Pipeline> pipeline_;
  const PipelineConfig& config_;
  const UnitWorkerOptions options_;
  io::StorageOptions storage_;
  std::shared_ptr<io::Store> workspace_;
  stage::RunContext context_;
  bool planned_ = false;
  UnitHead head_;
  SettledInputs settled_;
  stage::IngestPlan plan_;
  // What it works on: ingest or one stage.
  std::unique_ptr<stage::IngestUnits> ingest_;
  std::unique_ptr<stage::OperatorUnits> stage_;
  std::string stage_folder_;
};

}  // namespace
}  // namespace pipeline

PipelineRecipe RecipeOf(const Pipeline& pipeline) {
  const pipeline::PipelineConfig& config = pipeline.config();
  const pipeline::ParsedConfig& parsed = *config.parsed;
  return {parsed.text, config.file, config.base_dir, parsed.params, parsed.at_step};
}

std::map<std::string, std::vector<std::string>> HostOperatorsOf(const Pipeline& pipeline) {
  std::map<std::string, std::vector<std::string>> entries;
  for (const pipeline::StageConfig& stage : pipeline.config().stages) {
    const ConfigValue* operators = stage.value->Find("operators");
    if (operators == nullptr) continue;
    for (const ConfigValue& item : operators->items) {
      if (item.spec == nullptr || item.spec->type_value != "python") continue;
      entries[stage.name].push_back(item.Text("entry"));
    }
  }
  return entries;
}

Result<std::unique_ptr<UnitWorker>> UnitWorker::Make(std::shared_ptr<const Pipeline> pipeline,
                                                     const UnitWorkerOptions& options) {
  if (options.threads < 0 || options.threads > kThreadsMax || options.memory_bytes < 0) {
    return MakeError(ErrorCode::kUsage, "a worker takes 1 to " + std::to_string(kThreadsMax) +
                                            " threads, and some memory");
  }
  auto worker = std::make_unique<pipeline::Worker>(std::move(pipeline), options);
  ARROW_RETURN_NOT_OK(worker->Open());
  return worker;
}

}  // namespace millrace
