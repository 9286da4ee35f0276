#include "stage/ingest.h"

#include <algorithm>

#include "base/build_info.h"
#include "stage/commit.h"
#include "stage/identity.h"
#include "stage/split_queue.h"
#include "stage/split_sink.h"
#include "stage/stage_context.h"
#include "stage/table_result.h"

namespace millrace::stage {
namespace {

void ReportTotals(const IngestPlan& plan, const std::vector<Split>& splits, Progress* progress) {
  if (progress == nullptr) return;
  for (const IngestSource& source : plan.sources) {
    for (const io::FileInfo& file : source.files.files) progress->bytes_total += file.bytes;
  }
  progress->splits_total += static_cast<int64_t>(splits.size());
}

std::string ReasonsOf(const std::vector<RejectCount>& rejects, const std::string& source) {
  std::string text;
  for (const RejectCount& count : rejects) {
    if (count.source != source) continue;
    text += (text.empty() ? ": " : ", ") + count.rule +
            (count.column.empty() ? "" : " (" + count.column + ")") + ' ' +
            std::to_string(count.rows);
  }
  return text;
}

// At the end of the stage, for everything: a fraction means nothing before, and duplicates count.
Status CheckBudgets(const StageContext& stage, const std::vector<Manifest>& tables) {
  for (const IngestSource& source : stage.plan.sources) {
    const Manifest& table = tables[static_cast<size_t>(source.contract)];
    const std::string& name = source.files.name;
    const auto found = table.rows_by_source.find(name);
    if (found == table.rows_by_source.end()) continue;
    const RowEquation& rows = found->second;
    const auto& [rejects_max, fraction_max] = source.limits;
    const bool too_many = rejects_max && rows.rejected > *rejects_max;
    const bool too_large =
        fraction_max && rows.rejected > 0 &&
        static_cast<double>(rows.rejected) > *fraction_max * static_cast<double>(rows.read);
    if (!too_many && !too_large) continue;
    if (SpentBudget* spent = stage.run.spent_budget) {
      *spent = {name,
                table.table,
                too_many ? "max_rejects" : "max_reject_fraction",
                too_many ? static_cast<double>(*rejects_max) : *fraction_max,
                rows.rejected,
                rows.read,
                {},
                table.reject_files};
      for (const RejectCount& count : table.rejects) {
        if (count.source == name) spent->rejects.push_back(count);
      }
    }
    return MakeError(ErrorCode::kRejectBudget,
                     "source `" + name + "` rejected " + std::to_string(rows.rejected) + " of " +
                         std::to_string(rows.read) + " rows, more than " +
                         (too_many ? "max_rejects" : "max_reject_fraction") + " allows" +
                         ReasonsOf(table.rejects, name),
                     "the rejected rows are below " + stage.Key("rejects") +
                         " in the workspace; mend the data or raise the limit");
  }
  return Status::OK();
}

std::string ManifestPath(const std::string& table) {
  return (table.empty() ? "" : table + '.') + "manifest.json";
}

Status TellEnd(const StageContext& stage, const std::vector<Manifest>& tables, StageEvent event) {
  if (!stage.run.on_stage_event) return Status::OK();
  event.kind = StageEvent::Kind::kEnd;
  event.skipped = stage.splits_skipped;
  for (const Manifest& table : tables) {
    event.rows.Add(table.rows);
    event.manifests.push_back(stage.Key(ManifestPath(table.table)));
  }
  return stage.run.on_stage_event(event);
}

Result<std::vector<Manifest>> Run(StageContext& stage) {
  ARROW_RETURN_NOT_OK(stage.Fill());
  ARROW_ASSIGN_OR_RAISE(const std::vector<Split> splits, PlanSplits(stage.plan));
  int64_t page_bytes = 0;
  for (const Split& split : splits) page_bytes = std::max(page_bytes, split.page_bytes);
  ARROW_ASSIGN_OR_RAISE(stage.memory, DivideMemory(stage.plan, stage.run.limits, page_bytes));
  ReportTotals(stage.plan, splits, stage.run.progress);
  StageEvent event;
  event.stage = "ingest";
  event.splits = static_cast<int64_t>(splits.size());
  if (stage.run.on_stage_event) ARROW_RETURN_NOT_OK(stage.run.on_stage_event(event));
  auto records = RunSplits(stage, splits);
  // What was learned is worth keeping whatever became of the run.
  const Status saved = stage.hashes.Save(/*if_worthwhile=*/false);
  ARROW_RETURN_NOT_OK(records.status());
  ARROW_RETURN_NOT_OK(saved);
  std::vector<Manifest> tables;
  for (size_t i = 0; i < stage.plan.contracts.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(tables.emplace_back(), FinishTable(stage, i, splits, *records));
  }
  ARROW_RETURN_NOT_OK(CheckBudgets(stage, tables));
  for (const Manifest& table : tables) {
    ARROW_RETURN_NOT_OK(PutManifest(stage.place, ManifestPath(table.table), table));
  }
  ARROW_RETURN_NOT_OK(TellEnd(stage, tables, std::move(event)));
  return tables;
}

}  // namespace

std::shared_ptr<FileHashes> MakeFileHashes(const RunContext& context) {
  return std::make_shared<FileHashes>(*context.workspace, WallClockNs,
                                      context.input.check_unchanged, context.cancelled);
}

std::string IngestFolder(const IngestPlan& plan) { return "stages/ingest/" + StageKey(plan); }

std::string ManifestKey(const IngestPlan& plan, const std::string& table) {
  return IngestFolder(plan) + '/' + ManifestPath(table);
}

Result<std::vector<Manifest>> RunIngest(const IngestPlan& plan, const RunContext& run) {
  MILLRACE_CHECK(run.workspace != nullptr && run.input.open && run.input.bind &&
                 run.input.check_unchanged);
  ARROW_ASSIGN_OR_RAISE(const MemoryShares memory, DivideMemory(plan, run.limits));
  const auto hashes = run.hashes != nullptr ? run.hashes : MakeFileHashes(run);
  TaskPool pool(run.limits.threads);
  StageContext stage(plan, run, IngestFolder(plan), memory, *hashes, pool);
  return Run(stage);
}

}  // namespace millrace::stage
