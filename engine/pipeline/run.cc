// A run, from the config to the report: find files, settle contracts, ingest, export, report.
#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/all_at_once.h"
#include "contract/drift_json.h"
#include "pipeline/dataset_rows.h"
#include "pipeline/done_work.h"
#include "pipeline/drift_survey.h"
#include "pipeline/hooks/hooks.h"
#include "pipeline/ingest_plan.h"
#include "pipeline/machine_limits.h"
#include "pipeline/pipeline.h"
#include "pipeline/places.h"
#include "pipeline/progress_ticker.h"
#include "pipeline/report/previous_release.h"
#include "pipeline/report/reject_samples.h"
#include "pipeline/run_folder.h"
#include "pipeline/run_report.h"
#include "pipeline/run_stages.h"
#include "pipeline/run_summary.h"
#include "pipeline/settled_inputs.h"
#include "pipeline/thresholds.h"
#include "pipeline/unit_order.h"
#include "stage/workspace_lock.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

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

class Run {
 public:
  /// `before`: the config with other thresholds for a stage, which are to be replaced; or null.
  Run(const PipelineConfig& config, const RunOptions& options, const PipelineConfig* before)
      : config_(config),
        before_(before),
        options_(options),
        ticker_(options.on_progress, progress_, fetched_) {
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
    if (!fetches) ARROW_RETURN_NOT_OK(Settle(nullptr, &inputs));
    ARROW_ASSIGN_OR_RAISE(lock,
                          stage::LockWorkspace(*workspace_, options_.wait, options_.cancelled));
    if (fetches) {
      ARROW_RETURN_NOT_OK(OpenLog());
      ARROW_RETURN_NOT_OK(Logged(Fetch(choice, &inputs)));
    }
    ARROW_ASSIGN_OR_RAISE(const stage::IngestPlan plan,
                          MakeIngestPlan(config_, inputs, done_.tables));
    done_.ingest_folder = stage::IngestFolder(plan);
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
    StartReport(config_, done_, &report_);
    stage::Manifest rejected;
    rejected.rejects = spent_budget_.rejects;
    rejected.reject_files = spent_budget_.reject_files;
    ReportBudget budget;
    ARROW_ASSIGN_OR_RAISE(
        budget.rejects,
        SampleRejects(
            *workspace_, done_.ingest_folder, rejected,
            SensitiveColumnsOf(done_.tables.contracts[done_.TableIndex(spent_budget_.table)]),
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
    ARROW_RETURN_NOT_OK(
        FillReport(config_, done_, *workspace_, threads_, options_.cancelled, &report_));
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

  Status Settle(const SnapshotFetch* fetch, InputFiles* inputs) {
    ARROW_ASSIGN_OR_RAISE(SettledInputs settled, SettleInputs(config_, fetch, options_.cancelled));
    *inputs = std::move(settled.files);
    done_.tables = std::move(settled.tables);
    chains_ = std::move(settled.chains);
    return FindDrift(*inputs);
  }

  Status Fetch(const SnapshotChoice& choice, InputFiles* inputs) {
    ticker_.Enter("fetch");
    SnapshotFetch fetch = MakeFetch(config_, workspace_, choice, options_.cancelled);
    fetch.pages = &fetched_.pages;
    fetch.rows = &fetched_.rows;
    fetch.event = [this](const std::string& event, const AttemptLog::Fields& fields) {
      log_->Event(event, fields);
    };
    return Settle(&fetch, inputs);
  }

  // Before anything is written: what drifted and must not ends the run here.
  Status FindDrift(const InputFiles& inputs) {
    ARROW_ASSIGN_OR_RAISE(shapes_, SurveyShapes(config_, inputs, done_.tables));
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
    for (const contract::Contract& contract : done_.tables.contracts) {
      if (!contract.inferred) continue;
      ARROW_RETURN_NOT_OK(workspace_->Replace(ProposalKey(contract), ProposalText(contract)));
    }
    return Status::OK();
  }

  // What gc asks before it lets go of a stage.
  Status NameStages() {
    nlohmann::json folders = {done_.ingest_folder};
    for (const StageResult& stage : done_.stages) folders.push_back(stage.folder);
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
      const int64_t bytes = options_.perform ? 0 : stage::FreshRows::BytesFor(context.limits);
      context.fresh_rows = std::make_shared<stage::FreshRows>(bytes);
    }
    context.hashes = stage::MakeFileHashes(context);
    if (options_.perform) HandOutUnits(plan, &context);
    ticker_.Enter("ingest");
    SetWork(choice_.from == 0, &context);
    ARROW_ASSIGN_OR_RAISE(done_.manifests, stage::RunIngest(plan, context));
    ARROW_ASSIGN_OR_RAISE(const int64_t page_bytes, stage::LargestPageInPlace(plan));
    done_.in_place = stage::OpenRowsInPlace(plan, context, page_bytes);
    for (const stage::Manifest& manifest : done_.manifests) {
      done_.manifest_keys.push_back(stage::ManifestKey(plan, manifest.table));
      if (!manifest.rows.holds()) {
        return MakeError(ErrorCode::kRowEquation,
                         "the rows of `" + manifest.table + "` are not accounted for");
      }
    }
    // What whole tables show and samples cannot; nothing is published before.
    for (contract::Drift& drift : DriftOfProfiles(last_shapes_, config_, done_.manifests)) {
      drift_since_.push_back(std::move(drift));
    }
    ARROW_RETURN_NOT_OK(CheckDrift(config_, drift_since_));
    StageSequence::Told told;
    told.enter = [this](const std::string& phase) { ticker_.Enter(phase); };
    told.set_work = [this](bool done, stage::RunContext* of) { SetWork(done, of); };
    told.name_stages = [this] { return NameStages(); };
    ARROW_RETURN_NOT_OK(
        StageSequence({config_, before_, options_, choice_, storage_, chains_, done_}, told)
            .Run(plan, &context));
    if (choice_.stops) return Stop();
    if (config_.model) ARROW_RETURN_NOT_OK(JudgeRows(context.limits));
    ticker_.Enter("export");
    ARROW_RETURN_NOT_OK(WriteExports());
    ticker_.Enter("report");
    return WriteReport();
  }

  // Other processes do the units; what they must know beside the unit goes with each.
  void HandOutUnits(const stage::IngestPlan& plan, stage::RunContext* context) {
    UnitHead head;
    head.plan_id = PlanId(config_);
    head.engine_version = plan.engine_version;
    head.code_version = plan.code_version;
    head.ingest_folder = done_.ingest_folder;
    for (const stage::IngestSource& source : plan.sources) {
      if (source.files.snapshot.empty()) continue;
      head.snapshots[source.files.name] = source.files.snapshot;
    }
    context->units_at_once = std::max(options_.units_at_once, 1);
    context->perform = [this, head](const stage::UnitCall& call,
                                    const std::atomic<bool>& stop) -> Result<std::string> {
      UnitHead now = head;
      for (size_t i = 0; i < done_.stages.size(); ++i) {
        now.folders[config_.stages[i].name] = done_.stages[i].folder;
      }
      const auto stopped = [&stop, cancelled = options_.cancelled] {
        return stop || (cancelled != nullptr && *cancelled);
      };
      ARROW_ASSIGN_OR_RAISE(const std::string reply,
                            options_.perform(UnitToJson(now, call), stopped));
      return CommitOfReply(reply);
    };
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

  // As it was told to. The run is not over: what it did so far is kept beside, and its folder is
  // gone on with by the next attempt.
  Status Stop() {
    report_.until = options_.until;
    ticker_.Enter("report");
    ARROW_RETURN_NOT_OK(
        FillReport(config_, done_, *workspace_, threads_, options_.cancelled, &report_));
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
    for (size_t i = 0; i < done_.manifests.size(); ++i) {
      tables.push_back({&done_.tables.contracts[i], &done_.manifests[i], done_.ingest_folder});
    }
    // With stages the rows that leave the last of them stand for the table they come from.
    contract::Contract columns;
    if (!done_.stages.empty()) {
      const std::string table = TableOfStage(config_, config_.stages.size() - 1);
      columns = ColumnsOf(table, *done_.stages.back().schema);
      tables[done_.TableIndex(table)] = {&columns, &done_.stages.back().manifest,
                                         done_.stages.back().folder};
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
      const exporting::ExportInput input = done_.InputOf(config, workspace_);
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

  Status WriteReport() {
    const std::string drift =
        contract::DriftToJson(drift_since_).dump(2, ' ', false, Json::error_handler_t::replace);
    ARROW_RETURN_NOT_OK(AllAtOnce({
        [&] {
          return FillReport(config_, done_, *workspace_, threads_, options_.cancelled, &report_);
        },
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
  std::shared_ptr<io::Store> workspace_;
  stage::Progress progress_;
  ProgressTicker::Fetched fetched_;
  ProgressTicker ticker_;
  int threads_ = 1;
  std::string run_folder_;
  DoneWork done_;
  std::unique_ptr<AttemptLog> log_;
  std::optional<Hooks> hooks_;
  stage::SpentBudget spent_budget_;
  std::vector<StageChain> chains_;
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
  if (options.perform && !options.rethreshold.empty()) {
    return MakeError(ErrorCode::kUsage,
                     "a stage gets other thresholds in the process that asks for it");
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
