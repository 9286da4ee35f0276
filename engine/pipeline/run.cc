// A run, from the config to the report: find files, settle contracts, ingest, export, report.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/all_at_once.h"
#include "base/build_info.h"
#include "contract/drift_json.h"
#include "io/object/store_url.h"
#include "pipeline/column_check.h"
#include "pipeline/dataset_rows.h"
#include "pipeline/drift_survey.h"
#include "pipeline/hooks/hooks.h"
#include "pipeline/ingest_plan.h"
#include "pipeline/input_files.h"
#include "pipeline/machine_limits.h"
#include "pipeline/pipeline.h"
#include "pipeline/places.h"
#include "pipeline/progress_ticker.h"
#include "pipeline/report/previous_release.h"
#include "pipeline/report/reject_samples.h"
#include "pipeline/report/report.h"
#include "pipeline/run_folder.h"
#include "pipeline/run_summary.h"
#include "pipeline/snapshots.h"
#include "pipeline/stage_choice.h"
#include "pipeline/stage_plans.h"
#include "pipeline/table_contracts.h"
#include "pipeline/thresholds.h"
#include "stage/workspace_lock.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSamplesPerReason = 3;

// Names the requirements that end the run, at the config's `model_contract`.
Status UnfitError(const PipelineConfig& config, const stage::ModelEvidence& evidence) {
  constexpr size_t kNamedMax = 5;
  std::vector<std::string> unmet;
  for (const stage::Evidence& e : evidence.findings) {
    if (!e.met && e.on_unmet == contract::OnUnmet::kFail) {
      unmet.push_back("`" + e.id + "` (" + e.measured + "; " + e.threshold + ")");
    }
  }
  std::string message = "the rows do not meet the model's contract:";
  for (size_t i = 0; i < unmet.size() && i < kNamedMax; ++i) {
    message += (i == 0 ? " " : ", ") + unmet[i];
  }
  if (unmet.size() > kNamedMax) {
    message += " and " + std::to_string(unmet.size() - kNamedMax) + " more";
  }
  return AtPlace(MakeError(ErrorCode::kModelContract, message,
                           "nothing was published; the rows are in the workspace"),
                 config, config.model_span);
}

/// A stage behind ingest that is done.
struct StageResult {
  std::string folder;  // in the workspace
  std::shared_ptr<arrow::Schema> schema;
  stage::Manifest manifest;
};

class Run {
 public:
  /// `before`: the config with other thresholds for a stage, which are to be replaced; or null.
  Run(const PipelineConfig& config, const RunOptions& options, const PipelineConfig* before)
      : config_(config),
        before_(before),
        options_(options),
        ticker_(options.on_progress, progress_, pages_fetched_) {
    storage_ = config.storage;
    storage_.cancelled = options.cancelled;
  }

  Result<RunResult> Execute() {
    ARROW_ASSIGN_OR_RAISE(workspace_,
                          OpenPlace(config_.workspace, storage_, /*private_mode=*/true));
    ARROW_ASSIGN_OR_RAISE(choice_, ChooseStages(config_, options_));
    const SnapshotChoice choice = ChooseSnapshots(options_, choice_);
    ARROW_RETURN_NOT_OK(CheckChoice(config_, choice));
    const bool fetches = HasRestSource(config_) || HasStream(config_);
    InputFiles inputs;
    std::optional<stage::WorkspaceLock> lock;
    // Files are looked at without touching the workspace; fetching writes to it.
    if (!fetches) ARROW_RETURN_NOT_OK(SettleInputs(nullptr, &inputs));
    ARROW_ASSIGN_OR_RAISE(lock,
                          stage::LockWorkspace(*workspace_, options_.wait, options_.cancelled));
    if (fetches) {
      ARROW_RETURN_NOT_OK(OpenLog());
      ARROW_RETURN_NOT_OK(Logged(Fetch(choice, &inputs)));
    }
    ARROW_ASSIGN_OR_RAISE(const stage::IngestPlan plan, MakeIngestPlan(config_, inputs, tables_));
    stage_folder_ = stage::IngestFolder(plan);
    ARROW_RETURN_NOT_OK(OpenFolder());
    const Status status = Work(plan);
    if (CodeOfFailure(status) == ErrorCode::kRejectBudget) return EndOverBudget(status);
    if (CodeOfFailure(status) == ErrorCode::kModelContract) return EndUnfit(status);
    ARROW_RETURN_NOT_OK(Logged(status));
    if (choice_.stops) return Finish();
    ARROW_RETURN_NOT_OK(FinishSnapshots(*workspace_, inputs));
    return Finish();
  }

 private:
  static std::optional<ErrorCode> CodeOfFailure(const Status& status) {
    return status.ok() ? std::nullopt : std::optional<ErrorCode>(CodeOf(status));
  }

  // The run is over, and its report says why: what is wrong with the data is what is wanted now.
  Status EndOverBudget(const Status& error) {
    log_->Event("budget_spent", {{"message", error.message()}});
    StartReport();
    stage::Manifest rejected;
    rejected.rejects = spent_budget_.rejects;
    rejected.reject_files = spent_budget_.reject_files;
    ReportBudget budget;
    ARROW_ASSIGN_OR_RAISE(
        budget.rejects,
        SampleRejects(*workspace_, stage_folder_, rejected,
                      SensitiveColumnsOf(tables_.contracts[TableIndex(spent_budget_.table)]),
                      kSamplesPerReason));
    budget.spent = std::move(spent_budget_);
    report_.budget = std::move(budget);
    ARROW_RETURN_NOT_OK(PutReport());
    std::vector<Diagnostic> diagnostics = DiagnosticsOf(error);
    diagnostics.front().suggestion += "; the report is " + run_folder_ + "/report.html there";
    return MakeError(std::move(diagnostics));
  }

  // Likewise: the rows are committed, the card says what they lack, and nothing was published.
  Status EndUnfit(const Status& error) {
    log_->Event("not_fit", {{"message", error.message()}});
    report_.model->ended_the_run = true;
    ARROW_RETURN_NOT_OK(FillReport());
    ARROW_RETURN_NOT_OK(PutReport());
    std::vector<Diagnostic> diagnostics = DiagnosticsOf(error);
    diagnostics.front().suggestion += "; the card is " + run_folder_ + "/report.html there";
    return MakeError(std::move(diagnostics));
  }

  Status Logged(Status status) {
    if (!status.ok()) {
      log_->Event(status.IsCancelled() ? "attempt_interrupted" : "attempt_failed",
                  {{"message", status.message()}});
    }
    return status;
  }

  Status SettleInputs(const SnapshotFetch* fetch, InputFiles* inputs) {
    ARROW_ASSIGN_OR_RAISE(*inputs, FindInputFiles(config_, fetch));
    ARROW_ASSIGN_OR_RAISE(tables_, ResolveContracts(config_, *inputs));
    ARROW_RETURN_NOT_OK(CheckColumns(config_, *inputs, tables_));
    ARROW_ASSIGN_OR_RAISE(chains_, BindStages(config_, tables_, Secrets()));
    return FindDrift(*inputs);
  }

  op::SecretReader Secrets() const {
    std::shared_ptr<SecretResolver> secrets =
        SecretResolver::Make({config_.base_dir, config_.vault, options_.cancelled});
    return [secrets](const std::string& reference) { return secrets->Resolve(reference); };
  }

  Status Fetch(const SnapshotChoice& choice, InputFiles* inputs) {
    ticker_.Enter("fetch");
    SnapshotFetch fetch;
    fetch.workspace = workspace_;
    fetch.choice = choice;
    fetch.cancelled = options_.cancelled;
    fetch.pages = &pages_fetched_;
    fetch.clock = io::http::MakeSystemClock(options_.cancelled);
    fetch.limiter = std::make_shared<io::http::RateLimiter>(fetch.clock);
    fetch.secrets = SecretResolver::Make({config_.base_dir, config_.vault, options_.cancelled});
    fetch.event = [this](const std::string& event, const AttemptLog::Fields& fields) {
      log_->Event(event, fields);
    };
    return SettleInputs(&fetch, inputs);
  }

  // Before anything is written: what drifted and must not ends the run here.
  Status FindDrift(const InputFiles& inputs) {
    ARROW_ASSIGN_OR_RAISE(shapes_, SurveyShapes(config_, inputs, tables_));
    ARROW_ASSIGN_OR_RAISE(last_shapes_, ReadLastShapes(*workspace_, config_.name));
    report_.drift = DriftBetweenFiles(config_, inputs, shapes_);
    drift_since_ = DriftSince(last_shapes_, config_, shapes_);
    ARROW_RETURN_NOT_OK(CheckDrift(config_, report_.drift));
    return CheckDrift(config_, drift_since_);
  }

  Status OpenLog() {
    ARROW_ASSIGN_OR_RAISE(run_folder_, OpenRunFolder(*workspace_, PlanId(config_)));
    ARROW_RETURN_NOT_OK(
        workspace_->Replace(run_folder_ + "/pipeline.resolved.yaml", config_.resolved_yaml));
    if (config_.model) {
      ARROW_RETURN_NOT_OK(workspace_->Replace(run_folder_ + "/model_contract.resolved.yaml",
                                              config_.model->resolved_yaml));
    }
    ARROW_ASSIGN_OR_RAISE(log_, AttemptLog::Open(*workspace_, run_folder_));
    return Status::OK();
  }

  Status OpenFolder() {
    if (log_ == nullptr) ARROW_RETURN_NOT_OK(OpenLog());
    ARROW_RETURN_NOT_OK(NameStages());
    for (const contract::Contract& contract : tables_.contracts) {
      if (!contract.inferred) continue;
      ARROW_RETURN_NOT_OK(workspace_->Replace(ProposalKey(contract), ProposalText(contract)));
    }
    return Status::OK();
  }

  // What gc asks before it lets go of a stage.
  Status NameStages() {
    nlohmann::json folders = {stage_folder_};
    for (const StageResult& stage : stages_) folders.push_back(stage.folder);
    return workspace_->Replace(run_folder_ + "/stages.json", folders.dump() + "\n");
  }

  Status Work(const stage::IngestPlan& plan) {
    threads_ = options_.threads > 0  ? options_.threads
               : config_.threads > 0 ? config_.threads
                                     : DefaultThreads();
    stage::RunContext context;
    context.workspace = workspace_;
    context.input = stage::RealInput();
    context.limits.threads = threads_;
    context.limits.memory_bytes = options_.memory_bytes > 0  ? options_.memory_bytes
                                  : config_.memory_bytes > 0 ? config_.memory_bytes
                                                             : DefaultMemoryBytes();
    context.progress = &progress_;
    context.cancelled = options_.cancelled;
    context.spent_budget = &spent_budget_;
    context.attempt_event = [this](const std::string& event, const AttemptLog::Fields& fields) {
      log_->Event(event, fields);
    };
    hooks_.emplace(
        config_, run_folder_,
        Hooks::Options{options_.cancelled, context.attempt_event, options_.on_stage_event});
    if (choice_.until > 0) {
      const int64_t bytes = stage::FreshRows::BytesFor(context.limits);
      context.fresh_rows = std::make_shared<stage::FreshRows>(bytes);
    }
    ticker_.Enter("ingest");
    SetWork(choice_.from == 0, &context);
    ARROW_ASSIGN_OR_RAISE(manifests_, stage::RunIngest(plan, context));
    for (const stage::Manifest& manifest : manifests_) {
      manifest_keys_.push_back(stage::ManifestKey(plan, manifest.table));
      if (!manifest.rows.holds()) {
        return MakeError(ErrorCode::kRowEquation,
                         "the rows of `" + manifest.table + "` are not accounted for");
      }
    }
    // What whole tables show and samples cannot; nothing is published before.
    for (contract::Drift& drift : DriftOfProfiles(last_shapes_, config_, manifests_)) {
      drift_since_.push_back(std::move(drift));
    }
    ARROW_RETURN_NOT_OK(CheckDrift(config_, drift_since_));
    ARROW_RETURN_NOT_OK(RunStages(plan, context));
    if (choice_.stops) return Stop();
    if (config_.model) ARROW_RETURN_NOT_OK(JudgeRows(context.limits));
    ticker_.Enter("export");
    ARROW_RETURN_NOT_OK(WriteExports());
    ticker_.Enter("report");
    return WriteReport();
  }

  // A stage that is to be done is told of; one that must be committed already is only looked at.
  void SetWork(bool done, stage::RunContext* context) {
    context->only_committed = !done;
    context->on_stage_event = nullptr;
    if (done) context->on_stage_event = [this](const auto& event) { return Observe(event); };
  }

  Status Observe(const stage::StageEvent& event) {
    AttemptLog::Fields fields = {{"stage", event.stage}, {"splits", std::to_string(event.splits)}};
    if (event.kind == stage::StageEvent::Kind::kStart) log_->Event("stage_started", fields);
    if (event.kind == stage::StageEvent::Kind::kEnd) {
      fields["rows"] = std::to_string(event.rows.written);
      log_->Event("stage_committed", fields);
    }
    return hooks_->Tell(event);
  }

  Status RunStages(const stage::IngestPlan& ingest, stage::RunContext& context) {
    CommittedRows committed;
    for (const stage::Manifest& manifest : manifests_) {
      committed.AddTable(config_, manifest.table, stage_folder_, manifest);
    }
    const auto fresh_rows = context.fresh_rows;
    for (size_t i = 0; i < choice_.until; ++i) {
      const StageConfig& stage = config_.stages[i];
      SetWork(i + 1 >= choice_.from, &context);
      ticker_.Enter("stage " + stage.name);
      ARROW_ASSIGN_OR_RAISE(stage::OperatorPlan plan,
                            MakeOperatorPlan(ingest, stage, chains_[i], committed));
      for (stage::StageInput& input : plan.inputs) input.fresh = fresh_rows;
      ARROW_RETURN_NOT_OK(OpenIndexes(&plan));
      context.fresh_rows = IsReadAfter(i, stage.name) ? fresh_rows : nullptr;
      if (before_ != nullptr && stage.name == options_.rethreshold) {
        const ThresholdsBefore before{*before_, tables_, *workspace_, i};
        ARROW_ASSIGN_OR_RAISE(plan.before, PlanBefore(before, ingest, plan, committed, Secrets()));
      }
      if (stage.overwrites || options_.overwrite) {
        // Beside what is finished; what an attempt has begun there is gone on with.
        ARROW_ASSIGN_OR_RAISE(const int latest, stage::LatestGeneration(*workspace_, plan));
        plan.generation = context.only_committed ? std::max(latest, 0) : latest + 1;
      }
      StageResult& result = stages_.emplace_back();
      result.folder = stage::OperatorFolder(plan);
      result.schema = stage::OutputSchema(plan);
      ARROW_RETURN_NOT_OK(NameStages());
      ARROW_ASSIGN_OR_RAISE(result.manifest, stage::RunOperators(plan, context));
      committed.AddStage(result.folder, result.manifest);
      for (const stage::StageInput& input : plan.inputs) {
        if (IsReadAfter(i, input.name)) continue;
        for (const io::DataFile& shard : input.shards) {
          fresh_rows->Forget(input.folder + '/' + shard.path);
        }
      }
    }
    return Status::OK();
  }

  // Digests that outlive the run. Nobody else changes them until it is over.
  Status OpenIndexes(stage::OperatorPlan* plan) {
    for (const op::Instance& instance : plan->chain->instances()) {
      if (instance.op->scope() != op::Scope::kKeys) continue;
      const std::string& index = static_cast<const op::KeyFilter&>(*instance.op).options().index;
      if (index.empty()) continue;
      const std::filesystem::path local = std::filesystem::path(config_.base_dir) / index;
      const std::string place = io::IsUrl(index) ? index : local.lexically_normal().string();
      OpenedIndex& opened = indexes_[place];
      if (opened.store == nullptr) {
        ARROW_ASSIGN_OR_RAISE(opened.store, OpenPlace(place, storage_, /*private_mode=*/true));
        ARROW_ASSIGN_OR_RAISE(
            opened.lock, stage::LockWorkspace(*opened.store, options_.wait, options_.cancelled));
      }
      plan->indexes[instance.id] = opened.store;
    }
    return Status::OK();
  }

  // Whether a stage of this run, behind the one at `index`, reads the input.
  bool IsReadAfter(size_t index, const std::string& input) const {
    for (size_t i = index + 1; i < choice_.until; ++i) {
      const auto& inputs = config_.stages[i].inputs;
      if (std::find(inputs.begin(), inputs.end(), input) != inputs.end()) return true;
    }
    return false;
  }

  // As it was told to. The run is not over: what it did so far is kept beside, and its folder is
  // gone on with by the next attempt.
  Status Stop() {
    report_.until = options_.until;
    ticker_.Enter("report");
    ARROW_RETURN_NOT_OK(FillReport());
    ARROW_RETURN_NOT_OK(
        workspace_->Replace(run_folder_ + "/" + kStoppedReport, ReportToJson(report_, "")));
    log_->Event("attempt_stopped", {{"stage", options_.until},
                                    {"message", "after `" + options_.until + "`, as told"}});
    return Status::OK();
  }

  // The rows against the model's contract. One that must be met and is not ends the run here.
  Status JudgeRows(const stage::RunLimits& limits) {
    ticker_.Enter("judge");
    const contract::ModelContract& model = config_.model->contract;
    std::vector<stage::EvidenceTable> tables;
    for (size_t i = 0; i < manifests_.size(); ++i) {
      tables.push_back({&tables_.contracts[i], &manifests_[i], stage_folder_});
    }
    // With stages the rows that leave the last of them stand for the table they come from.
    contract::Contract columns;
    if (!stages_.empty()) {
      const std::string table = TableOfStage(config_.stages.size() - 1);
      columns = ColumnsOf(table, *stages_.back().schema);
      tables[TableIndex(table)] = {&columns, &stages_.back().manifest, stages_.back().folder};
    }
    report_.model = ReportModel{model.model, model.owner, model.sha256, {}};
    const stage::EvidenceLimits bounds{limits.threads, limits.memory_bytes / 2, options_.cancelled};
    ARROW_ASSIGN_OR_RAISE(report_.model->evidence,
                          stage::GatherEvidence(model, tables, *workspace_, bounds));
    if (!report_.model->evidence.fails()) return Status::OK();
    return UnfitError(config_, report_.model->evidence);
  }

  Status WriteExports() {
    TaskPool pool(threads_);
    for (const ExportConfig& config : config_.exports) {
      if (options_.cancelled != nullptr && *options_.cancelled) return Status::Cancelled("");
      const exporting::ExportInput input = InputOf(config);
      ARROW_ASSIGN_OR_RAISE(auto target, OpenPlace(config.path, storage_));
      const Result<exporting::Release> release =
          exporting::WriteRelease(input, config.options, std::move(target), &pool);
      if (!release.ok()) return AtPlace(release.status(), config_, config.span);
      releases_.push_back(*release);
      log_->Event("release_written", {{"export", config.options.name},
                                      {"release_id", release->release_id},
                                      {"rows", std::to_string(release->rows)},
                                      {"existed", release->existed ? "yes" : "no"}});
    }
    return Status::OK();
  }

  exporting::ExportInput InputOf(const ExportConfig& config) const {
    const StageResult* stage = nullptr;
    for (const StageResult& result : stages_) {
      if (result.manifest.stage == config.stage) stage = &result;
    }
    const stage::Manifest* manifest =
        stage != nullptr ? &stage->manifest : ManifestOf(config.contract);
    MILLRACE_CHECK(manifest != nullptr);
    exporting::ExportInput input;
    input.store = workspace_;
    input.run_id = manifest->run_id;
    input.table = manifest->table;
    input.schema = stage != nullptr ? stage->schema
                                    : StageSchema(tables_.contracts[TableIndex(manifest->table)]);
    const std::string& folder = stage != nullptr ? stage->folder : stage_folder_;
    for (io::DataFile shard : manifest->outputs) {
      shard.path = folder + "/" + shard.path;
      input.shards.push_back(std::move(shard));
    }
    return input;
  }

  // The table that a stage's rows come from: that of its first input, followed to a source.
  std::string TableOfStage(size_t index) const {
    const std::string& input = config_.stages[index].inputs.front();
    for (size_t i = 0; i < index; ++i) {
      if (config_.stages[i].name == input) return TableOfStage(i);
    }
    for (const SourceConfig& source : config_.sources) {
      if (source.name == input) return source.contract;
    }
    MILLRACE_CHECK(false);
  }

  size_t TableIndex(const std::string& table) const {
    size_t index = 0;
    while (tables_.contracts[index].name != table) ++index;
    return index;
  }
  const stage::Manifest* ManifestOf(const std::string& table) const {
    for (const stage::Manifest& manifest : manifests_) {
      if (manifest.table == table) return &manifest;
    }
    return nullptr;
  }

  void StartReport() {
    report_.pipeline = config_.name;
    report_.plan_id = PlanId(config_);
    // A stage's run id rests on what it read: the last one speaks for all before it.
    report_.run_id = !stages_.empty()     ? stages_.back().manifest.run_id
                     : manifests_.empty() ? ""
                                          : manifests_.front().run_id;
    report_.config_hash = config_.config_hash;
    report_.code_version = std::string(CodeVersion());
    report_.engine_version = EngineVersion();
    report_.seed = config_.seed;
    for (const SourceConfig& source : config_.sources) report_.sources.push_back(source.name);
  }

  // The card beside each release, then the run's own; report.json last: with it the run is
  // complete.
  Status PutReport() {
    const ReportTexts texts = TextsOf(report_);
    const std::string &html = texts.html, &json = texts.json;
    std::vector<std::function<Status()>> puts;
    for (size_t i = 0; i < releases_.size(); ++i) {
      puts.emplace_back([&, i]() -> Status {
        ARROW_ASSIGN_OR_RAISE(auto target, OpenPlace(config_.exports[i].path, storage_));
        const Status put = PutCard(*target, releases_[i].release_id, html, json);
        return put.ok() ? put : AtPlace(put, config_, config_.exports[i].span);
      });
    }
    puts.emplace_back([&] { return workspace_->Replace(run_folder_ + "/report.html", html); });
    ARROW_RETURN_NOT_OK(AllAtOnce(puts));
    ARROW_RETURN_NOT_OK(workspace_->Remove(run_folder_ + "/" + kStoppedReport));
    return workspace_->Replace(run_folder_ + "/report.json", json);
  }

  Status CompareWithPrevious() {
    const Json now = Json::parse(ReportToJson(report_, ""));
    for (size_t i = 0; i < releases_.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(auto target, OpenPlace(config_.exports[i].path, storage_));
      ARROW_ASSIGN_OR_RAISE(report_.exports[i].previous,
                            ChangesSincePrevious(*target, releases_[i], now));
    }
    return Status::OK();
  }

  // All but the exports.
  Status FillReport() {
    StartReport();
    for (size_t i = 0; i < manifests_.size(); ++i) {
      const contract::Contract& contract = tables_.contracts[i];
      ReportTable table;
      table.manifest = manifests_[i];
      table.manifest_key = manifest_keys_[i];
      NameTypesAsDeclared(contract, table.manifest.profiles);
      table.inferred = contract.inferred;
      if (contract.inferred) table.proposal_key = ProposalKey(contract);
      ARROW_ASSIGN_OR_RAISE(table.rejects,
                            SampleRejects(*workspace_, stage_folder_, manifests_[i],
                                          SensitiveColumnsOf(contract), kSamplesPerReason));
      stage::SampleLimits limits;
      limits.cancelled = options_.cancelled;
      ARROW_ASSIGN_OR_RAISE(table.sample, stage::SampleTable(*workspace_, stage_folder_,
                                                             manifests_[i], contract, limits));
      report_.tables.push_back(std::move(table));
    }
    for (const StageResult& stage : stages_) {
      ARROW_ASSIGN_OR_RAISE(ReportTable table, StageTable(stage));
      report_.stages.push_back(std::move(table));
    }
    return Status::OK();
  }

  Result<ReportTable> StageTable(const StageResult& stage) const {
    const contract::Contract columns = ColumnsOf("", *stage.schema);
    ReportTable table;
    table.manifest = stage.manifest;
    table.manifest_key = stage.folder + "/manifest.json";
    NameTypesAsDeclared(columns, table.manifest.profiles);
    ARROW_ASSIGN_OR_RAISE(table.rejects,
                          SampleRejects(*workspace_, stage.folder, stage.manifest,
                                        SensitiveColumnsOf(columns), kSamplesPerReason));
    stage::SampleLimits limits;
    limits.cancelled = options_.cancelled;
    ARROW_ASSIGN_OR_RAISE(table.sample, stage::SampleTable(*workspace_, stage.folder,
                                                           stage.manifest, columns, limits));
    return table;
  }

  Status WriteReport() {
    const std::string drift =
        contract::DriftToJson(drift_since_).dump(2, ' ', false, Json::error_handler_t::replace);
    ARROW_RETURN_NOT_OK(AllAtOnce({
        [&] { return FillReport(); },
        [&] {
          return workspace_->Replace(run_folder_ + "/shapes.json", ShapesText(config_, shapes_));
        },
        [&] { return workspace_->Replace(run_folder_ + "/drift.json", drift + "\n"); },
    }));
    for (size_t i = 0; i < releases_.size(); ++i) {
      const ExportConfig& config = config_.exports[i];
      const exporting::Release& release = releases_[i];
      report_.exports.push_back({config.options.name, exporting::FormatName(config.options.format),
                                 ShownPlace(config.path, config_.base_dir), config.stage,
                                 config.contract, release.release_id, release.rows, release.files,
                                 release.rejects, release.manifest_sha256});
    }
    ARROW_RETURN_NOT_OK(CompareWithPrevious());
    return PutReport();
  }

  static void NameTypesAsDeclared(const contract::Contract& contract,
                                  std::vector<stage::ColumnProfile>& profiles) {
    for (stage::ColumnProfile& profile : profiles) {
      for (const contract::Column& column : contract.columns) {
        if (column.name != profile.name) continue;
        profile.type = column.is_json ? "json" : contract::TypeText(*column.type);
      }
    }
  }

  Result<RunResult> Finish() {
    RunResult result = SummariseRun(config_, report_, releases_);
    result.run_folder = PlaceOf(*workspace_, run_folder_);
    result.until = options_.until;
    if (!choice_.stops) {
      result.report_json_path = PlaceOf(*workspace_, run_folder_ + "/report.json");
      result.report_html_path = PlaceOf(*workspace_, run_folder_ + "/report.html");
    }
    for (const ReportTable& table : report_.tables) {
      if (!table.inferred) continue;
      result.proposed_contracts.push_back(PlaceOf(*workspace_, table.proposal_key));
    }
    for (const auto* drifts : {&report_.drift, &drift_since_}) {
      for (const contract::Drift& drift : *drifts) result.drift.push_back(DriftLine(drift));
    }
    result.splits_total = progress_.splits_total;
    result.splits_done = progress_.splits_done;
    result.splits_skipped = progress_.splits_skipped;
    result.splits_taken_over = progress_.splits_taken_over;
    result.seconds = ticker_.seconds();
    if (choice_.stops) return result;
    log_->Event("attempt_finished", {{"rows_read", std::to_string(result.rows_read)},
                                     {"rows_written", std::to_string(result.rows_written)},
                                     {"splits_skipped", std::to_string(result.splits_skipped)}});
    return result;
  }

  const PipelineConfig& config_;
  const PipelineConfig* const before_;
  const RunOptions& options_;
  StageChoice choice_;
  io::StorageOptions storage_;
  struct OpenedIndex {
    std::shared_ptr<io::Store> store;
    stage::WorkspaceLock lock;
  };
  std::map<std::string, OpenedIndex> indexes_;  // by place
  std::shared_ptr<io::Store> workspace_;
  stage::Progress progress_;
  std::atomic<int64_t> pages_fetched_{0};
  ProgressTicker ticker_;
  int threads_ = 1;
  TableContracts tables_;
  std::string run_folder_, stage_folder_;
  std::unique_ptr<AttemptLog> log_;
  std::optional<Hooks> hooks_;
  stage::SpentBudget spent_budget_;
  std::vector<stage::Manifest> manifests_;
  std::vector<std::string> manifest_keys_;
  std::vector<StageChain> chains_;
  std::vector<StageResult> stages_;
  std::vector<exporting::Release> releases_;
  Report report_;
  std::vector<SourceShapes> shapes_;
  LastShapes last_shapes_;
  std::vector<contract::Drift> drift_since_;  // the last run
};

}  // namespace
}  // namespace pipeline

Result<RunResult> RunPipeline(const Pipeline& pipeline, const RunOptions& options) {
  if (options.threads < 0 || options.threads > kThreadsMax) {
    return MakeError(ErrorCode::kUsage, "a run takes 1 to " + std::to_string(kThreadsMax) +
                                            " threads, not " + std::to_string(options.threads));
  }
  if (options.memory_bytes < 0) {
    return MakeError(ErrorCode::kUsage, "a run cannot stay under a negative amount of memory");
  }
  if (options.rethreshold.empty()) {
    return pipeline::Run(pipeline.config(), options, nullptr).Execute();
  }
  ARROW_ASSIGN_OR_RAISE(const pipeline::PipelineConfig changed,
                        pipeline::WithThresholds(pipeline.config(), options));
  RunOptions of_stage = options;
  of_stage.from = options.rethreshold;
  return pipeline::Run(changed, of_stage, &pipeline.config()).Execute();
}

}  // namespace millrace
