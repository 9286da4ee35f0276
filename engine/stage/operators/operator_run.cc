#include "stage/operators/operator_run.h"

#include "op/filter/quota_filter.h"
#include "op/request.h"
#include "op/retag.h"
#include "stage/commit.h"
#include "stage/operators/amounts.h"
#include "stage/operators/exchange.h"
#include "stage/operators/global_phase.h"
#include "stage/operators/operator_rejects.h"
#include "stage/operators/split_rows.h"
#include "stage/ordered_queue.h"
#include "stage/ordered_tasks.h"
#include "stage/reject_writer.h"
#include "stage/shard_sequence.h"

namespace millrace::stage {
namespace {

// What a byte of rows is taken to need while it is worked on: as read, as each step changes it, its
// rejects, and what waits for its turn.
constexpr int64_t kCostPerByte = 6;

/// A batch behind the chain.
struct Worked {
  int64_t read = 0, repeated = 0;
  op::ChainResult result;
  std::shared_ptr<arrow::RecordBatch> rejects;  // as they are stored
  std::vector<Amount> mixture, buckets;         // what was drawn of each input and bucket
  std::unique_ptr<TableProfiler> profile;
};

class SplitRun {
 public:
  SplitRun(const OperatorRun& run, const OperatorSplit& split, std::string id,
           const std::atomic<bool>& stop)
      : run_(run),
        chain_(*run.plan.chain),
        input_(run.plan.inputs[static_cast<size_t>(split.input)]),
        split_(split),
        stop_(stop),
        shards_(run.place, &run.pool, ShardOptions(run, split.name)),
        rejects_(run.place, chain_, split.name, &run.pool),
        tasks_(run.pool) {
    record_.split_id = std::move(id);
    record_.split_name = split.name;
    record_.source = input_.name;
    for (const op::Instance& instance : chain_.instances()) {
      InstanceCount& count = record_.instances.emplace_back();
      count.id = instance.id;
      count.type = instance.type->name;
      count.kind = std::string(op::KindName(instance.op->kind()));
      count.version = instance.type->version;
    }
    if (run.plan.mixture) record_.mixture.resize(run.plan.inputs.size());
    if (const op::QuotaFilter* quota = chain_.quota()) {
      record_.buckets.resize(quota->buckets().size());
    }
  }

  Result<CommitRecord> Run(std::vector<std::unique_ptr<SplitDrops>> drops) {
    record_.inputs = InputsOf(run_.plan, split_);
    // How many of a file's rows a mixture draws is the mixture's to say.
    for (size_t i = 0; i < record_.inputs.size(); ++i) {
      record_.records.push_back(run_.plan.mixture ? 0 : input_.shards[split_.begin + i].rows);
    }
    if (const op::Orderer* order = chain_.order()) {
      ARROW_ASSIGN_OR_RAISE(
          exchange_, ExchangeWriter::Open(run_.place, split_.name, run_.schema, order->seed()));
    }
    ARROW_ASSIGN_OR_RAISE(const auto rows, OpenSplit(run_, split_, chain_.input()));
    for (;;) {
      if (run_.cancelled() || stop_) return Status::Cancelled("cancelled; running again resumes");
      if (!tasks_.empty() && tasks_.cost() >= run_.in_flight_bytes) {
        ARROW_RETURN_NOT_OK(SinkFront());
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const SplitBatch batch, rows->Next());
      if (batch.rows == nullptr) break;
      ARROW_ASSIGN_OR_RAISE(const auto of_batch, NextDrops(drops, batch.rows->num_rows()));
      tasks_.Add(io::LogicalBytes(*batch.rows) * kCostPerByte,
                 [this, batch, of_batch] { return Work(batch, of_batch); });
    }
    while (!tasks_.empty()) ARROW_RETURN_NOT_OK(SinkFront());
    if (exchange_ != nullptr) {
      ARROW_ASSIGN_OR_RAISE(record_.keys, exchange_->Finish());
    } else {
      ARROW_ASSIGN_OR_RAISE(ShardSequence::Finished finished, shards_.Finish());
      record_.shards = std::move(finished.shards);
      record_.profile = std::move(finished.profile);
    }
    ARROW_ASSIGN_OR_RAISE(record_.reject_files, rejects_.Finish());
    ARROW_RETURN_NOT_OK(CheckRows());
    return std::move(record_);
  }

  /// As Run, from what the stage has committed with other thresholds. None: not to be had so.
  Result<std::optional<CommitRecord>> TakeOver(const EarlierStage& earlier,
                                               const CommitRecord& old) {
    const op::Chain& before = *earlier.plan.chain;
    if (!IsWhole(old, op::FirstTagging(chain_))) return std::nullopt;
    CommitRecord taken = old;
    taken.split_id = record_.split_id;
    taken.shards.clear();
    for (size_t i = 0; i < taken.instances.size(); ++i) {
      if (!op::Tags(chain_.instances()[i])) continue;
      taken.instances[i].tagged = 0;
      taken.instances[i].histograms.clear();
    }
    StageInput from;
    from.name = input_.name;
    from.folder = OperatorFolder(earlier.plan);
    for (const Shard& shard : old.shards) from.shards.push_back(shard.data);
    ShardRange rows(run_, from, 0, from.shards.size(), 0, run_.schema, run_.schema->field_names());
    for (;;) {
      if (run_.cancelled() || stop_) return Status::Cancelled("cancelled; running again resumes");
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
      if (batch == nullptr) break;
      ARROW_ASSIGN_OR_RAISE(const auto retagged, op::Retag(before, chain_, *batch));
      if (!retagged) return std::nullopt;
      for (size_t i = 0; i < taken.instances.size(); ++i) {
        taken.instances[i].tagged += retagged->instances[i].tagged;
        op::AddHistograms(retagged->instances[i].histograms, &taken.instances[i].histograms);
      }
      ARROW_RETURN_NOT_OK(AddTaken(retagged->rows));
    }
    ARROW_ASSIGN_OR_RAISE(ShardSequence::Finished finished, shards_.Finish());
    taken.shards = std::move(finished.shards);
    taken.profile = std::move(finished.profile);
    for (const io::DataFile& file : old.reject_files) {
      ARROW_RETURN_NOT_OK(run_.place.store().LinkOrCopy(
          earlier.place.Key(file.path), run_.place.store(), run_.place.Key(file.path)));
    }
    record_ = std::move(taken);
    ARROW_RETURN_NOT_OK(CheckRows());
    if (Progress* progress = run_.context.progress) {
      progress->rows_read += record_.rows.read;
      progress->rows_written += record_.rows.written;
      progress->rows_rejected += record_.rows.rejected;
    }
    return std::optional<CommitRecord>(std::move(record_));
  }

 private:
  // Of the rows that reached the first filter that tags all are there, as they were.
  static bool IsWhole(const CommitRecord& old, size_t first) {
    for (size_t i = first; i < old.instances.size(); ++i) {
      const InstanceCount& count = old.instances[i];
      if (count.reached != old.rows.written || count.dropped + count.expanded > 0) return false;
    }
    return true;
  }

  Status AddTaken(const std::shared_ptr<arrow::RecordBatch>& batch) {
    const auto rows = arrow::RecordBatch::Make(run_.schema, batch->num_rows(), batch->columns());
    TableProfiler profile(*run_.schema, SensitiveColumns(*run_.schema));
    profile.Update(*rows);
    const int64_t base = record_.rows.written;
    record_.rows.written += rows->num_rows();
    return shards_.Add(
        rows, [base](int64_t row) { return base + row; }, &profile);
  }

  Result<Worked> Work(const SplitBatch& batch, const std::vector<op::GlobalDrops>& drops) const {
    const auto& rows = batch.rows;
    Worked worked;
    worked.read = rows->num_rows() - batch.repeated;
    worked.repeated = batch.repeated;
    if (run_.plan.mixture) {
      worked.mixture.resize(run_.plan.inputs.size());
      ARROW_RETURN_NOT_OK(AddAmounts(*rows, batch.inputs,
                                     {run_.plan.mixture->tokens, run_.plan.mixture->images},
                                     &worked.mixture));
    }
    ARROW_ASSIGN_OR_RAISE(worked.result, chain_.Apply(*rows, drops));
    if (worked.result.rejects != nullptr) {
      ARROW_ASSIGN_OR_RAISE(worked.rejects,
                            StoredRejects(chain_, run_.plan.privacy, rows, *worked.result.rejects));
      worked.result.rejects.reset();
    }
    if (const op::QuotaFilter* quota = chain_.quota()) {
      worked.buckets.resize(quota->buckets().size());
      ARROW_RETURN_NOT_OK(AddAmounts(*worked.result.rows, worked.result.buckets,
                                     {quota->options().tokens, ""}, &worked.buckets));
    }
    worked.result.rows = arrow::RecordBatch::Make(run_.schema, worked.result.rows->num_rows(),
                                                  worked.result.rows->columns());
    worked.profile = std::make_unique<TableProfiler>(*run_.schema, SensitiveColumns(*run_.schema));
    worked.profile->Update(*worked.result.rows);
    return worked;
  }

  Status SinkFront() {
    ARROW_ASSIGN_OR_RAISE(const Worked worked, tasks_.Take());
    const auto& rows = worked.result.rows;
    const int64_t base = record_.rows.written;
    RowEquation count;
    count.read = worked.read;
    count.repeated = worked.repeated;
    count.written = rows->num_rows();
    for (size_t i = 0; i < worked.result.instances.size(); ++i) {
      AddInstance(worked.result.instances[i], chain_.instances()[i].type->draws,
                  &record_.instances[i], &count);
    }
    record_.rows.Add(count);
    for (size_t i = 0; i < worked.mixture.size(); ++i) record_.mixture[i].Add(worked.mixture[i]);
    for (size_t i = 0; i < worked.buckets.size(); ++i) record_.buckets[i].Add(worked.buckets[i]);
    if (!count.holds()) {
      return MakeError(ErrorCode::kRowEquation, "split " + split_.name + ": of " +
                                                    std::to_string(count.read) +
                                                    " rows some are not accounted for");
    }
    ARROW_RETURN_NOT_OK(rejects_.Write(worked.rejects));
    if (exchange_ != nullptr) {
      ARROW_RETURN_NOT_OK(exchange_->Add(rows));
    } else if (rows->num_rows() > 0) {
      ARROW_RETURN_NOT_OK(shards_.Add(
          rows, [base](int64_t row) { return base + row; }, worked.profile.get()));
    }
    if (Progress* progress = run_.context.progress) {
      progress->rows_read += count.read;
      progress->rows_written += count.written;
      progress->rows_rejected += count.rejected;
    }
    return Status::OK();
  }

  void AddInstance(const op::InstanceRows& found, bool draws, InstanceCount* sum,
                   RowEquation* count) {
    InstanceCount more;
    more.reached = found.reached;
    more.dropped = found.dropped;
    more.tagged = found.tagged;
    more.refined = found.refined;
    more.expanded = found.expanded;
    more.derived = found.derived;
    more.histograms = found.histograms;
    sum->Add(more);
    (draws ? count->not_drawn : count->rejected) += found.dropped;
    count->expanded += found.expanded;
    count->derived += found.derived;
    std::vector<RejectCount> rejects;
    int64_t by_reason = 0;
    for (const auto& [reason, rows] : found.reasons) {
      const auto& [source, rule, column] = reason;
      rejects.push_back({source, sum->id, rule, column, rows});
      by_reason += rows;
    }
    MILLRACE_CHECK(by_reason == found.dropped);
    AddRejectCounts(rejects, &record_.rejects);
  }

  // From the files as they are stored, not from the counters that wrote them.
  Status CheckRows() const {
    RowEquation stored = record_.rows;
    stored.written = 0;
    stored.rejected = -stored.not_drawn;  // kept beside the rejects, in the same files
    for (size_t i = 0; i < chain_.instances().size(); ++i) {
      const bool counted = chain_.instances()[i].common.rejects == op::RejectDetail::kCount;
      if (counted) stored.rejected += record_.instances[i].dropped;
    }
    const auto add = [&](const io::DataFile& file, int64_t* to) {
      ARROW_ASSIGN_OR_RAISE(const int64_t rows,
                            StoredRows(run_.place.store(), run_.place.Key(file.path)));
      *to += rows;
      return Status::OK();
    };
    for (const Shard& shard : record_.shards) {
      ARROW_RETURN_NOT_OK(add(shard.data, &stored.written));
    }
    for (const io::DataFile& file : record_.reject_files) {
      ARROW_RETURN_NOT_OK(add(file, &stored.rejected));
    }
    if (exchange_ != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto index, ReadExchangeIndex(run_.place, record_.keys));
      for (const ExchangeBatch& batch : index) stored.written += batch.rows;
    }
    if (stored.holds()) return Status::OK();
    return MakeError(ErrorCode::kRowEquation, "split " + split_.name + ": " +
                                                  std::to_string(stored.read) + " rows read, " +
                                                  std::to_string(stored.written) + " written, " +
                                                  std::to_string(stored.rejected) + " rejected");
  }

  const OperatorRun& run_;
  const op::Chain& chain_;
  const StageInput& input_;
  const OperatorSplit& split_;
  const std::atomic<bool>& stop_;
  CommitRecord record_;
  ShardSequence shards_;
  std::unique_ptr<ExchangeWriter> exchange_;  // instead of shards, where rows get another order
  OperatorRejectWriter rejects_;
  OrderedTasks<Worked> tasks_;  // last: they refer to the chain
};

// None where there is nothing to take over.
Result<std::optional<CommitRecord>> TakeOverSplit(const OperatorRun& run,
                                                  const OperatorSplit& split, const std::string& id,
                                                  size_t index, const GlobalDecisions& decisions,
                                                  const std::atomic<bool>& stop) {
  if (run.earlier == nullptr) return std::nullopt;
  const EarlierStage& earlier = *run.earlier;
  const std::string old_id = AppliedId(earlier.splits[index], index, decisions);
  ARROW_ASSIGN_OR_RAISE(const auto old, ValidCommit(earlier.place, old_id));
  if (!old) return std::nullopt;
  return SplitRun(run, split, id, stop).TakeOver(earlier, *old);
}

// A mixture draws from all over its inputs.
void LetGoOfRows(const OperatorRun& run, const OperatorSplit& split) {
  const StageInput& input = run.plan.inputs[static_cast<size_t>(split.input)];
  if (input.fresh == nullptr || !input.read_last || run.plan.mixture) return;
  for (size_t i = split.begin; i < split.end; ++i) {
    input.fresh->Forget(input.folder + '/' + input.shards[i].path);
  }
}

void ReportTakenOver(const OperatorRun& run, const OperatorSplit& split) {
  if (run.context.attempt_event) {
    run.context.attempt_event("split_taken_over",
                              {{"stage", run.plan.stage}, {"split", split.name}});
  }
  if (run.context.progress != nullptr) ++run.context.progress->splits_taken_over;
}

}  // namespace

std::set<std::string> SensitiveColumns(const arrow::Schema& schema) {
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    if (op::IsSensitive(*field)) names.insert(field->name());
  }
  return names;
}

ShardSequenceOptions ShardOptions(const OperatorRun& run, const std::string& split_name) {
  ShardSequenceOptions options;
  options.split_name = split_name;
  options.schema = run.schema;
  options.sensitive = SensitiveColumns(*run.schema);
  options.writer = run.plan.writer;
  options.rows_per_shard = run.plan.rows_per_shard;
  options.bytes_per_shard = run.plan.bytes_per_shard;
  options.queue_bytes = run.writer_queue_bytes;
  options.fresh_rows = run.context.fresh_rows;
  options.arrow_copies = run.arrow_copies;
  return options;
}

Result<OperatorSplitResult> CommittedUnit(const OperatorRun& run, const UnitOfWork& unit,
                                          const std::atomic<bool>& stop) {
  OperatorSplitResult result;
  if (run.resumes && !unit.is_missing) {
    ARROW_ASSIGN_OR_RAISE(auto committed, ValidCommit(run.place, unit.id));
    if (committed) {
      result.record = *std::move(committed);
      result.skipped = true;
      return result;
    }
  }
  ARROW_RETURN_NOT_OK(run.MayWork());
  if (run.context.perform) {
    UnitCall call = unit.call();
    call.stage = run.plan.stage;
    call.folder = run.place.folder();
    call.id = unit.id;
    ARROW_ASSIGN_OR_RAISE(const std::string id, run.context.perform(call, stop));
    ARROW_ASSIGN_OR_RAISE(auto committed, ValidCommit(run.place, unit.id));
    if (!committed || id != unit.id) return NotSeen(run.place, call, id);
    result.record = *std::move(committed);
    result.elsewhere = true;
    return result;
  }
  ARROW_ASSIGN_OR_RAISE(result.record, unit.make());
  result.record.split_id = unit.id;
  ARROW_RETURN_NOT_OK(PutCommit(run.place, result.record));
  return result;
}

void ReportUnit(const OperatorRun& run, const CommitRecord& record, bool skipped) {
  if (Progress* progress = run.context.progress) {
    ++progress->splits_done;
    progress->splits_skipped += skipped ? 1 : 0;
  }
  if (!run.context.attempt_event) return;
  run.context.attempt_event(skipped ? "split_skipped" : "split_committed",
                            {{"stage", run.plan.stage},
                             {"split", record.split_name},
                             {"rows", std::to_string(record.rows.written)}});
}

void ReportSplit(const OperatorRun& run, const OperatorSplitResult& result) {
  Progress* progress = run.context.progress;
  // Those that were worked on here told of their rows on the way.
  if (progress != nullptr && (result.skipped || result.elsewhere)) {
    progress->rows_read += result.record.rows.read;
    progress->rows_written += result.record.rows.written;
    progress->rows_rejected += result.record.rows.rejected;
  }
  ReportUnit(run, result.record, result.skipped);
}

Status OperatorRun::MayWork() const {
  if (!context.only_committed) return Status::OK();
  return MakeError(
      ErrorCode::kNotCommitted,
      "stage `" + plan.stage + "` is not committed for the config and the inputs as they are",
      "`millrace run` without --from does what is missing; `millrace plan` shows what that is");
}

Result<OperatorSplitResult> RunOperatorSplit(const OperatorRun& run, const OperatorSplit& split,
                                             size_t index, const GlobalDecisions& decisions,
                                             bool is_missing, const std::atomic<bool>& stop) {
  UnitOfWork unit;
  unit.is_missing = is_missing;
  unit.id = AppliedId(split, index, decisions);
  bool is_taken = false;
  unit.make = [&]() -> Result<CommitRecord> {
    ARROW_ASSIGN_OR_RAISE(auto taken, TakeOverSplit(run, split, unit.id, index, decisions, stop));
    is_taken = taken.has_value();
    if (taken) return *std::move(taken);
    ARROW_ASSIGN_OR_RAISE(auto drops, OpenDrops(decisions, index));
    return SplitRun(run, split, unit.id, stop).Run(std::move(drops));
  };
  unit.call = [&] {
    UnitCall call;
    call.kind = UnitKind::kApply;
    call.index = index;
    call.name = split.name;
    call.decisions = TellAll(decisions, index);
    return call;
  };
  ARROW_ASSIGN_OR_RAISE(OperatorSplitResult result, CommittedUnit(run, unit, stop));
  if (is_taken) ReportTakenOver(run, split);
  LetGoOfRows(run, split);
  return result;
}

Result<std::vector<std::optional<CommitRecord>>> CommittedSplits(
    const OperatorRun& run, const std::vector<OperatorSplit>& splits,
    const GlobalDecisions& decisions) {
  std::vector<std::optional<CommitRecord>> records(splits.size());
  if (!run.resumes) return records;
  size_t failed = 0;
  ARROW_RETURN_NOT_OK(RunInOrder(
      splits.size(), run.context.limits.threads,
      [&](size_t index, const std::atomic<bool>&) {
        if (run.cancelled()) return Status::Cancelled("cancelled; running again resumes");
        return ValidCommit(run.place, AppliedId(splits[index], index, decisions))
            .Value(&records[index]);
      },
      &failed));
  return records;
}

}  // namespace millrace::stage
