#include "stage/operators/operator_run.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>

#include "op/request.h"
#include "stage/commit.h"
#include "stage/operators/operator_rejects.h"
#include "stage/ordered_tasks.h"
#include "stage/reject_writer.h"
#include "stage/shard_rows.h"
#include "stage/shard_sequence.h"

namespace millrace::stage {
namespace {

// What a byte of rows is taken to need while it is worked on: as read, as changed, and its rejects.
constexpr int64_t kCostPerByte = 3;

/// A batch behind the chain.
struct Worked {
  int64_t read = 0;
  op::ChainResult result;
  std::shared_ptr<arrow::RecordBatch> rejects;  // as they are stored
  std::unique_ptr<TableProfiler> profile;
};

std::set<std::string> SensitiveColumns(const arrow::Schema& schema) {
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    if (op::IsSensitive(*field)) names.insert(field->name());
  }
  return names;
}

ShardSequenceOptions OptionsOf(const OperatorRun& run, const OperatorSplit& split) {
  ShardSequenceOptions options;
  options.split_name = split.name;
  options.schema = run.schema;
  options.sensitive = SensitiveColumns(*run.schema);
  options.writer = run.plan.writer;
  options.rows_per_shard = run.plan.rows_per_shard;
  options.queue_bytes = run.writer_queue_bytes;
  return options;
}

// Parquet has no seconds: such columns come back as milliseconds.
Result<std::shared_ptr<arrow::RecordBatch>> AsDeclared(
    const std::shared_ptr<arrow::RecordBatch>& rows, const std::shared_ptr<arrow::Schema>& schema,
    const std::string& shard) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    auto column = rows->GetColumnByName(field->name());
    if (column == nullptr) {
      return MakeError(ErrorCode::kWorkspaceDamaged,
                       "the committed shard " + shard + " has no column `" + field->name() + "`");
    }
    if (!column->type()->Equals(*field->type())) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(*column, field->type()));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, rows->num_rows(), std::move(columns));
}

class SplitRun {
 public:
  SplitRun(const OperatorRun& run, const OperatorSplit& split, const std::atomic<bool>& stop)
      : run_(run),
        chain_(*run.plan.chain),
        input_(run.plan.inputs[static_cast<size_t>(split.input)]),
        split_(split),
        stop_(stop),
        shards_(run.place, &run.pool, OptionsOf(run, split)),
        rejects_(run.place, chain_, split.name, &run.pool),
        tasks_(run.pool) {
    record_.split_id = split.id;
    record_.split_name = split.name;
    record_.source = input_.name;
    for (const op::Instance& instance : chain_.instances()) {
      InstanceCount& count = record_.instances.emplace_back();
      count.id = instance.id;
      count.type = instance.type->name;
      count.kind = std::string(op::KindName(instance.op->kind()));
      count.version = instance.type->version;
    }
  }

  Result<CommitRecord> Run() {
    for (size_t i = split_.begin; i < split_.end; ++i) {
      ARROW_RETURN_NOT_OK(ReadShard(input_.shards[i]));
    }
    while (!tasks_.empty()) ARROW_RETURN_NOT_OK(SinkFront());
    ARROW_ASSIGN_OR_RAISE(ShardSequence::Finished finished, shards_.Finish());
    record_.shards = std::move(finished.shards);
    record_.profile = std::move(finished.profile);
    ARROW_ASSIGN_OR_RAISE(record_.reject_files, rejects_.Finish());
    ARROW_RETURN_NOT_OK(CheckRows());
    return std::move(record_);
  }

 private:
  Status ReadShard(const io::DataFile& shard) {
    record_.inputs.push_back({input_.name, shard.path, shard.bytes, shard.sha256, {}});
    record_.records.push_back(shard.rows);
    io::DataFile file = shard;
    file.path = input_.folder + '/' + shard.path;
    std::vector<std::string> columns;
    for (const auto& field : chain_.input()->fields()) columns.push_back(field->name());
    ARROW_ASSIGN_OR_RAISE(const auto rows, ShardRows::Open(run_.place.store(), file, columns));
    int64_t read = 0;
    for (;;) {
      if (run_.cancelled() || stop_) return Status::Cancelled("cancelled; running again resumes");
      if (!tasks_.empty() && tasks_.cost() >= run_.in_flight_bytes) {
        ARROW_RETURN_NOT_OK(SinkFront());
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(auto batch, rows->Next());
      if (batch == nullptr) break;
      read += batch->num_rows();
      ARROW_ASSIGN_OR_RAISE(batch, AsDeclared(batch, chain_.input(), shard.path));
      tasks_.Add(io::LogicalBytes(*batch) * kCostPerByte, [this, batch] { return Work(batch); });
    }
    if (read == shard.rows) return Status::OK();
    return MakeError(ErrorCode::kWorkspaceDamaged,
                     "the committed shard " + shard.path + " has another number of rows");
  }

  Result<Worked> Work(const std::shared_ptr<arrow::RecordBatch>& rows) const {
    Worked worked;
    worked.read = rows->num_rows();
    ARROW_ASSIGN_OR_RAISE(worked.result, chain_.Apply(*rows));
    if (worked.result.rejects != nullptr) {
      ARROW_ASSIGN_OR_RAISE(worked.rejects,
                            StoredRejects(chain_, run_.plan.privacy, rows, *worked.result.rejects));
      worked.result.rejects.reset();
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
    count.written = rows->num_rows();
    for (size_t i = 0; i < worked.result.instances.size(); ++i) {
      AddInstance(worked.result.instances[i], &record_.instances[i], &count);
    }
    record_.rows.Add(count);
    if (!count.holds()) {
      return MakeError(ErrorCode::kRowEquation, "split " + split_.name + ": of " +
                                                    std::to_string(count.read) +
                                                    " rows some are not accounted for");
    }
    ARROW_RETURN_NOT_OK(rejects_.Write(worked.rejects));
    if (rows->num_rows() > 0) {
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

  void AddInstance(const op::InstanceRows& found, InstanceCount* sum, RowEquation* count) {
    InstanceCount more;
    more.reached = found.reached;
    more.dropped = found.dropped;
    more.tagged = found.tagged;
    more.refined = found.refined;
    more.expanded = found.expanded;
    more.derived = found.derived;
    std::vector<InstanceCount> one = {*sum};
    AddInstanceCounts({more}, &one);
    *sum = one.front();
    count->rejected += found.dropped;
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
    stored.rejected = 0;
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
  OperatorRejectWriter rejects_;
  OrderedTasks<Worked> tasks_;  // last: they refer to the chain
};

}  // namespace

Result<OperatorSplitResult> RunOperatorSplit(const OperatorRun& run, const OperatorSplit& split,
                                             const std::atomic<bool>& stop) {
  if (run.resumes) {
    ARROW_ASSIGN_OR_RAISE(auto committed, ValidCommit(run.place, split.id));
    if (committed) return OperatorSplitResult{*std::move(committed), true};
  }
  ARROW_ASSIGN_OR_RAISE(CommitRecord record, SplitRun(run, split, stop).Run());
  ARROW_RETURN_NOT_OK(PutCommit(run.place, record));
  return OperatorSplitResult{std::move(record), false};
}

}  // namespace millrace::stage
