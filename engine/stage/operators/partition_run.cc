#include "stage/operators/partition_run.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstdio>

#include "base/sha256.h"
#include "op/request.h"
#include "op/row_selection.h"
#include "stage/commit.h"
#include "stage/identity.h"
#include "stage/operators/exchange.h"
#include "stage/operators/global_phase.h"
#include "stage/ordered_queue.h"
#include "stage/shard_sequence.h"

namespace millrace::stage {
namespace {

constexpr int64_t kRowsPerPiece = 8192;
constexpr int64_t kBytesPerPiece = 4 << 20;

/// Where a row of a partition is to be found.
struct Place {
  KeyDigest key;
  int64_t row = 0;  // of the partition as it was read: splits in order, each in its own
  auto operator<=>(const Place&) const = default;
};

class AllPartitions : public Partitions {
 public:
  AllPartitions(const OperatorRun& run, const std::vector<CommitRecord>& splits)
      : run_(run), splits_(splits) {}

  Status Open() {
    int64_t bytes = 0, rows = 0;
    Sha256 hash;
    hash.UpdateField(run_.stage_key);
    for (const CommitRecord& split : splits_) {
      hash.UpdateField(split.split_id);
      ARROW_ASSIGN_OR_RAISE(index_.emplace_back(), ReadExchangeIndex(run_.place, split.keys));
      for (const ExchangeBatch& batch : index_.back()) {
        bytes += batch.bytes;
        rows += batch.rows;
      }
    }
    all_ = FinishIdentity(hash);
    parts_ = rows == 0 ? 0 : std::max<int64_t>(1, (bytes + kPartitionBytes - 1) / kPartitionBytes);
    return Status::OK();
  }

  size_t count() const override { return static_cast<size_t>(parts_); }

  UnitOfWork UnitOf(size_t index, const std::atomic<bool>& stop) const override {
    const auto part = static_cast<int64_t>(index);
    Sha256 hash;
    for (const std::string& field : {all_, std::to_string(part), std::to_string(parts_)}) {
      hash.UpdateField(field);
    }
    UnitOfWork unit;
    unit.id = FinishIdentity(hash);
    unit.make = [this, part, id = unit.id, &stop] { return Make(part, id, stop); };
    return unit;
  }

 private:
  Result<CommitRecord> Make(int64_t part, const std::string& id,
                            const std::atomic<bool>& stop) const {
    CommitRecord record;
    char name[48];
    std::snprintf(name, sizeof name, "order-%05lld-", static_cast<long long>(part));
    record.split_name = name + id;
    ARROW_ASSIGN_OR_RAISE(const auto rows, Read(PartOfKeys(part, parts_), stop));
    ShardSequenceOptions options = ShardOptions(run_, record.split_name);
    ShardSequence shards(run_.place, &run_.pool, std::move(options));
    ARROW_RETURN_NOT_OK(WriteInOrder(rows, stop, &shards));
    ARROW_ASSIGN_OR_RAISE(ShardSequence::Finished finished, shards.Finish());
    record.shards = std::move(finished.shards);
    record.profile = std::move(finished.profile);
    record.rows.read = rows->num_rows();
    for (const Shard& shard : record.shards) {
      ARROW_ASSIGN_OR_RAISE(const int64_t stored,
                            StoredRows(run_.place.store(), run_.place.Key(shard.data.path)));
      record.rows.written += stored;
    }
    if (record.rows.holds()) return record;
    return MakeError(ErrorCode::kRowEquation,
                     "partition " + record.split_name + ": " + std::to_string(record.rows.read) +
                         " rows read, " + std::to_string(record.rows.written) + " written");
  }

  // All rows of the range, split after split.
  Result<std::shared_ptr<arrow::RecordBatch>> Read(const KeyRange& range,
                                                   const std::atomic<bool>& stop) const {
    arrow::RecordBatchVector pieces;
    for (size_t split = 0; split < splits_.size(); ++split) {
      if (run_.cancelled() || stop) return Status::Cancelled("cancelled; running again resumes");
      std::unique_ptr<ExchangeReader> reader;
      for (size_t batch = 0; batch < index_[split].size(); ++batch) {
        const ExchangeBatch& entry = index_[split][batch];
        if (entry.last.high < range.begin || entry.first.high > range.end) continue;
        if (reader == nullptr) {
          ARROW_ASSIGN_OR_RAISE(reader, ExchangeReader::Open(run_.place, splits_[split].keys));
        }
        ARROW_ASSIGN_OR_RAISE(auto rows, reader->Read(batch, range));
        if (rows->num_rows() > 0) pieces.push_back(std::move(rows));
      }
    }
    if (pieces.empty()) return arrow::RecordBatch::MakeEmpty(run_.schema);
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(pieces));
    return table->CombineChunksToBatch();
  }

  Status WriteInOrder(const std::shared_ptr<arrow::RecordBatch>& rows,
                      const std::atomic<bool>& stop, ShardSequence* shards) const {
    if (rows->num_rows() == 0) return Status::OK();
    const auto& high = static_cast<const arrow::UInt64Array&>(*rows->column(0));
    const auto& low = static_cast<const arrow::UInt64Array&>(*rows->column(1));
    std::vector<Place> order;
    order.reserve(static_cast<size_t>(rows->num_rows()));
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      order.push_back({{high.Value(row), low.Value(row)}, row});
    }
    std::sort(order.begin(), order.end());
    ARROW_ASSIGN_OR_RAISE(auto values, rows->RemoveColumn(0));
    ARROW_ASSIGN_OR_RAISE(values, values->RemoveColumn(0));
    const int64_t row_bytes = io::LogicalBytes(*rows) / rows->num_rows() + 1;
    const int64_t piece_rows = std::clamp<int64_t>(kBytesPerPiece / row_bytes, 1, kRowsPerPiece);
    for (int64_t begin = 0; begin < rows->num_rows(); begin += piece_rows) {
      if (run_.cancelled() || stop) return Status::Cancelled("cancelled; running again resumes");
      const int64_t end = std::min(begin + piece_rows, rows->num_rows());
      arrow::Int64Builder indices;
      for (int64_t i = begin; i < end; ++i) {
        ARROW_RETURN_NOT_OK(indices.Append(order[static_cast<size_t>(i)].row));
      }
      std::shared_ptr<arrow::Int64Array> wanted;
      ARROW_RETURN_NOT_OK(indices.Finish(&wanted));
      ARROW_ASSIGN_OR_RAISE(const auto taken, op::TakeRows(*values, *wanted));
      const auto piece = arrow::RecordBatch::Make(run_.schema, end - begin, taken->columns());
      ARROW_RETURN_NOT_OK(shards->Add(piece, [begin](int64_t row) { return begin + row; }));
    }
    return Status::OK();
  }

  const OperatorRun& run_;
  const std::vector<CommitRecord>& splits_;
  std::vector<std::vector<ExchangeBatch>> index_;  // per split
  std::string all_;                                // of all splits and what they hold
  int64_t parts_ = 0;
};

Result<std::shared_ptr<SpillFile>> ListCommits(const OperatorRun& run,
                                               const std::vector<CommitRecord>& splits) {
  std::string ids;
  for (const CommitRecord& split : splits) ids += split.split_id + '\n';
  ARROW_ASSIGN_OR_RAISE(const auto writer, SharedSpill(run).Create());
  ARROW_RETURN_NOT_OK(writer->Write(ids.data(), ids.size()));
  return writer->Finish();
}

}  // namespace

Result<std::unique_ptr<const Partitions>> Partitions::Open(
    const OperatorRun& run, const std::vector<CommitRecord>& splits) {
  auto partitions = std::make_unique<AllPartitions>(run, splits);
  ARROW_RETURN_NOT_OK(partitions->Open());
  return partitions;
}

Result<std::vector<CommitRecord>> RunPartitions(const OperatorRun& run,
                                                const std::vector<CommitRecord>& splits) {
  ARROW_ASSIGN_OR_RAISE(const auto partitions, Partitions::Open(run, splits));
  std::vector<CommitRecord> records(partitions->count());
  if (Progress* progress = run.context.progress) {
    progress->splits_total += static_cast<int64_t>(records.size());
  }
  std::shared_ptr<SpillFile> list;  // of the splits' commits, for other processes
  if (run.context.perform && !records.empty()) {
    ARROW_ASSIGN_OR_RAISE(list, ListCommits(run, splits));
  }
  size_t failed = 0;
  ARROW_RETURN_NOT_OK(RunInOrder(
      records.size(), run.AtOnce(run.active_partitions),
      [&](size_t part, const std::atomic<bool>& stop) {
        UnitOfWork unit = partitions->UnitOf(part, stop);
        unit.call = [&] {
          UnitCall call;
          call.kind = UnitKind::kPartition;
          call.index = part;
          call.name = "part " + std::to_string(part);
          call.detail = list->key();
          return call;
        };
        ARROW_ASSIGN_OR_RAISE(OperatorSplitResult result, CommittedUnit(run, unit, stop));
        ReportUnit(run, result.record, result.skipped);
        if (!result.skipped && run.context.on_stage_event) {
          StageEvent event;
          event.kind = StageEvent::Kind::kPartitionEnd;
          event.stage = run.plan.stage;
          event.split = result.record.split_name;
          event.rows = result.record.rows;
          event.splits = static_cast<int64_t>(records.size());
          ARROW_RETURN_NOT_OK(run.context.on_stage_event(event));
        }
        records[part] = std::move(result.record);
        return Status::OK();
      },
      &failed));
  return records;
}

Result<std::vector<CommitRecord>> CommitsOfList(const OperatorRun& run, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, run.place.store().ReadSmall(key));
  std::vector<CommitRecord> records;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string id = text.substr(begin, end - begin);
    ARROW_ASSIGN_OR_RAISE(auto record, ValidCommit(run.place, id));
    if (!record) {
      return MakeError(ErrorCode::kWorkspaceDamaged,
                       run.place.Key(CommitPath(id)) + " is not there, or its files are not");
    }
    records.push_back(*std::move(record));
    begin = end + 1;
  }
  return records;
}

}  // namespace millrace::stage
