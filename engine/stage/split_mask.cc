#include "stage/split_mask.h"

#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <parquet/arrow/reader.h>
#include <parquet/properties.h>

#include <algorithm>
#include <cstdio>

#include "base/reserved_columns.h"
#include "base/sha256.h"
#include "contract/reject_row.h"
#include "io/object/scratch_space.h"
#include "op/row_selection.h"
#include "stage/commit.h"
#include "stage/commit_record_json.h"
#include "stage/duplicates.h"
#include "stage/reject_writer.h"
#include "stage/shard_profiles.h"
#include "stage/shard_sequence.h"
#include "stage/source_records.h"

namespace millrace::stage {
namespace {

constexpr int64_t kReadRows = 8192;

std::string MaskPath(const MaskRecord& mask) {
  return "commits/" + mask.split_id + ".unique-" + mask.mask + ".json";
}

/// One split's duplicates, one per row, in row order. Reads one ahead.
class SplitDuplicates {
 public:
  explicit SplitDuplicates(std::unique_ptr<SortedStream<Duplicate>> stream)
      : stream_(std::move(stream)) {}
  Status Advance() {
    ARROW_ASSIGN_OR_RAISE(const bool more, stream_->Next(&current_));
    at_end_ = !more;
    return Status::OK();
  }
  bool at_end() const { return at_end_; }
  const Duplicate& current() const { return current_; }

 private:
  std::unique_ptr<SortedStream<Duplicate>> stream_;
  Duplicate current_;
  bool at_end_ = false;
};

/// Writes one split's shards without its duplicates.
class SplitMasker {
 public:
  SplitMasker(const StageContext& stage, const ChunkWork& table,
              const std::vector<const CommitRecord*>& splits, size_t split, MaskRecord mask)
      : stage_(stage),
        table_(table),
        splits_(splits),
        split_(*splits[split]),
        mask_(std::move(mask)),
        records_(stage, split_),
        rejects_(stage.store(), stage.Key("rejects/" + split_.split_name + "-unique"), &stage.pool,
                 !table.sensitive.empty(), stage.PrivacyOf(table)) {}

  Result<MaskRecord> Run(SplitDuplicates duplicates) {
    ARROW_RETURN_NOT_OK(duplicates.Advance());
    for (size_t i = 0; i < split_.shards.size() && !duplicates.at_end(); ++i) {
      if (stage_.cancelled()) return Status::Cancelled("cancelled; running again resumes");
      if (duplicates.current().position > split_.shards[i].last_position) continue;
      ARROW_RETURN_NOT_OK(MaskShard(i, duplicates));
    }
    if (!duplicates.at_end())
      return MakeError(ErrorCode::kRowEquation, "a duplicate row is in no shard");
    ARROW_RETURN_NOT_OK(records_.Finish());
    ARROW_ASSIGN_OR_RAISE(mask_.reject_files, rejects_.Finish());
    for (io::DataFile& file : mask_.reject_files) file.path = stage_.PathOf(file.path);
    mask_.rejects = rejects_.Counts();
    ARROW_ASSIGN_OR_RAISE(
        mask_.profile,
        profiles_.Write(stage_.store(), stage_.Key("profiles/" + split_.split_name + "-unique")));
    mask_.profile.path = stage_.PathOf(mask_.profile.path);
    ARROW_RETURN_NOT_OK(CheckRows());
    return std::move(mask_);
  }

 private:
  Status MaskShard(size_t index, SplitDuplicates& duplicates) {
    const Shard& shard = split_.shards[index];
    ARROW_ASSIGN_OR_RAISE(auto input, stage_.store().OpenForRead(stage_.Key(shard.data.path)));
    parquet::arrow::FileReaderBuilder builder;
    parquet::ReaderProperties properties;
    properties.enable_buffered_stream();  // a page at a time, not a row group
    ARROW_RETURN_NOT_OK(builder.Open(input, properties));
    parquet::ArrowReaderProperties arrow_properties;
    arrow_properties.set_batch_size(kReadRows);
    arrow_properties.set_pre_buffer(false);
    ARROW_ASSIGN_OR_RAISE(auto reader, builder.properties(arrow_properties)->Build());
    ARROW_ASSIGN_OR_RAISE(auto batches, reader->GetRecordBatchReader());
    const auto& schema = table_.schema;
    TableProfiler profile(*schema, table_.sensitive);
    std::unique_ptr<io::ShardWriter> writer;
    for (;;) {
      std::shared_ptr<arrow::RecordBatch> rows;
      ARROW_RETURN_NOT_OK(batches->ReadNext(&rows));
      if (rows == nullptr) break;
      ARROW_ASSIGN_OR_RAISE(rows, WithoutDuplicates(rows, shard.last_position, duplicates));
      if (rows->num_rows() == 0) continue;
      if (!writer) {
        ARROW_ASSIGN_OR_RAISE(
            writer, io::OpenShardWriter(stage_.store(), stage_.Key(PrefixOf(index)), schema,
                                        stage_.plan.writer, &stage_.pool));
      }
      profile.Update(*rows);
      ARROW_RETURN_NOT_OK(
          writer->Write(arrow::RecordBatch::Make(schema, rows->num_rows(), rows->columns())));
    }
    mask_.shard_index.push_back(static_cast<int>(index));
    io::DataFile& file = mask_.shards.emplace_back();
    if (!writer) return Status::OK();
    profiles_.Add(profile);
    ARROW_ASSIGN_OR_RAISE(file, writer->Finish());
    file.path = stage_.PathOf(file.path);
    return Status::OK();
  }

  std::string PrefixOf(size_t shard) const {
    char name[40];
    std::snprintf(name, sizeof name, "-%05zu-unique", shard);
    return "data/" + split_.split_name + name;
  }

  // Row ids name the rows; the duplicates come in the same order.
  Result<std::shared_ptr<arrow::RecordBatch>> WithoutDuplicates(
      const std::shared_ptr<arrow::RecordBatch>& rows, int64_t last_position,
      SplitDuplicates& duplicates) {
    const auto ids = rows->GetColumnByName(std::string(kRowIdColumn));
    const auto is_id = [&](int64_t row, const std::string& id) {
      return static_cast<const arrow::StringArray&>(*ids).GetView(row) == id;
    };
    arrow::BooleanBuilder keep;
    std::string next = NextId(last_position, duplicates);
    int64_t dropped = 0;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      const bool drop = !next.empty() && is_id(row, next);
      ARROW_RETURN_NOT_OK(keep.Append(!drop));
      if (!drop) continue;
      ++dropped;
      ARROW_RETURN_NOT_OK(AddReject(*rows, row, next, duplicates.current()));
      ARROW_RETURN_NOT_OK(duplicates.Advance());
      next = NextId(last_position, duplicates);
    }
    if (dropped == 0) return rows;
    std::shared_ptr<arrow::BooleanArray> mask;
    ARROW_RETURN_NOT_OK(keep.Finish(&mask));
    return op::KeepRows(*rows, *mask);
  }

  std::string NextId(int64_t last_position, const SplitDuplicates& duplicates) const {
    if (duplicates.at_end() || duplicates.current().position > last_position) return "";
    return RowIdAt(split_, duplicates.current().position);
  }

  Status AddReject(const arrow::RecordBatch& rows, int64_t row, const std::string& id,
                   const Duplicate& duplicate) {
    const std::string& column = split_.keys[static_cast<size_t>(duplicate.column)].column;
    ARROW_ASSIGN_OR_RAISE(Reject reject, records_.At(duplicate.position));
    reject.rule = "unique.duplicate";
    reject.column = column;
    const arrow::Array& values = *rows.GetColumnByName(column);
    const bool sensitive = table_.sensitive.count(column) > 0;
    if (!sensitive) reject.value = contract::ShownValue(values, row);
    reject.threshold =
        RowIdAt(*splits_[static_cast<size_t>(duplicate.first_split)], duplicate.first_position);
    reject.message = "duplicates row id " + reject.threshold;
    const size_t hash = id.rfind('#');
    RejectOrigin origin;
    origin.source = split_.source;
    origin.path = id.substr(origin.source.size() + 1, hash - origin.source.size() - 1);
    origin.ordinal = std::stoll(id.substr(hash + 1));
    return rejects_.Add(origin, reject, sensitive ? contract::WholeValue(values, row) : "");
  }

  // From the stored files: what the shards lost is what the rejects hold.
  Status CheckRows() const {
    int64_t lost = 0, rejected = 0;
    for (size_t i = 0; i < mask_.shards.size(); ++i) {
      lost += split_.shards[static_cast<size_t>(mask_.shard_index[i])].data.rows;
      if (mask_.shards[i].path.empty()) continue;
      ARROW_ASSIGN_OR_RAISE(const int64_t rows,
                            StoredRows(stage_.store(), stage_.Key(mask_.shards[i].path)));
      lost -= rows;
    }
    for (const io::DataFile& file : mask_.reject_files) {
      ARROW_ASSIGN_OR_RAISE(const int64_t rows, StoredRows(stage_.store(), stage_.Key(file.path)));
      rejected += rows;
    }
    if (lost == rejected) return Status::OK();
    return MakeError(ErrorCode::kRowEquation,
                     "split " + split_.split_name + " lost " + std::to_string(lost) +
                         " rows as duplicates and rejected " + std::to_string(rejected));
  }

  const StageContext& stage_;
  const ChunkWork& table_;
  const std::vector<const CommitRecord*>& splits_;
  const CommitRecord& split_;
  MaskRecord mask_;
  SourceRecords records_;
  RejectWriter rejects_;
  ShardProfiles profiles_;
};

Result<std::optional<MaskRecord>> ValidMask(const StageContext& stage, const MaskRecord& wanted) {
  const std::string path = MaskPath(wanted), key = stage.Key(path);
  ARROW_ASSIGN_OR_RAISE(const auto bytes, stage.place.BytesOf(path));
  if (!bytes) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::string text, stage.store().ReadSmall(key));
  ARROW_ASSIGN_OR_RAISE(MaskRecord mask, MaskRecordFromJson(text, key));
  std::vector<io::DataFile> files = mask.reject_files;
  for (const io::DataFile& file : mask.shards) {
    if (!file.path.empty()) files.push_back(file);
  }
  if (!mask.profile.path.empty()) files.push_back(mask.profile);
  for (const io::DataFile& file : files) {
    ARROW_ASSIGN_OR_RAISE(const bool there, IsThere(stage.place, file));
    if (!there) return std::nullopt;
  }
  return mask;
}

/// The duplicates of one split, taken off the stage's stream into a file of their own, because
/// their hash must be known before it is known whether anything is to be done.
struct PendingMask {
  MaskRecord mask;
  std::shared_ptr<SpillFile> file;
};

Result<PendingMask> TakeSplit(SpillFolder& spill, SplitDuplicates& all,
                              const std::vector<const CommitRecord*>& splits) {
  const int32_t index = all.current().split;
  const CommitRecord& split = *splits[static_cast<size_t>(index)];
  Sha256 hash;
  ARROW_ASSIGN_OR_RAISE(auto writer, spill.Create());
  for (int64_t last = -1; !all.at_end() && all.current().split == index;) {
    const Duplicate& duplicate = all.current();
    if (duplicate.position != last) {  // of several columns the first counts
      last = duplicate.position;
      hash.UpdateField(std::to_string(duplicate.position));
      hash.UpdateField(split.keys[static_cast<size_t>(duplicate.column)].column);
      hash.UpdateField(
          RowIdAt(*splits[static_cast<size_t>(duplicate.first_split)], duplicate.first_position));
      ARROW_RETURN_NOT_OK(writer->Write(&duplicate, sizeof duplicate));
    }
    ARROW_RETURN_NOT_OK(all.Advance());
  }
  PendingMask pending;
  pending.mask.split_id = split.split_id;
  pending.mask.mask = hash.FinishHex().substr(0, 16);
  ARROW_ASSIGN_OR_RAISE(pending.file, writer->Finish());
  return pending;
}

Result<MaskRecord> MaskSplit(const StageContext& stage, const ChunkWork& table,
                             const std::vector<const CommitRecord*>& splits, size_t index,
                             PendingMask pending) {
  ARROW_ASSIGN_OR_RAISE(auto done, ValidMask(stage, pending.mask));
  if (done) return *std::move(done);
  ARROW_ASSIGN_OR_RAISE(auto reader, SpillReader::Open(pending.file));
  SplitMasker masker(stage, table, splits, index, pending.mask);
  ARROW_ASSIGN_OR_RAISE(
      MaskRecord mask,
      masker.Run(SplitDuplicates(std::make_unique<SpilledStream<Duplicate>>(std::move(reader)))));
  ARROW_RETURN_NOT_OK(
      stage.store().PutIfAbsent(stage.Key(MaskPath(mask)), MaskRecordToJson(mask)).status());
  return mask;
}

}  // namespace

Result<std::vector<std::optional<MaskRecord>>> MaskDuplicates(
    const StageContext& stage, size_t contract, const std::vector<const CommitRecord*>& splits) {
  std::vector<std::optional<MaskRecord>> masks(splits.size());
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  ARROW_ASSIGN_OR_RAISE(const auto scratch, io::ScratchSpace::For(stage.store()));
  SpillFolder spill(scratch ? scratch->store() : stage.store(), stage.Key("spill"));
  ARROW_RETURN_NOT_OK(spill.Clear());
  ARROW_ASSIGN_OR_RAISE(auto stream, FindDuplicates(
                                         stage.store(), spill, splits,
                                         [&](const std::string& path) { return stage.Key(path); },
                                         stage.memory.merge_bytes));
  SplitDuplicates all(std::move(stream));
  ARROW_RETURN_NOT_OK(all.Advance());
  while (!all.at_end()) {
    const auto index = static_cast<size_t>(all.current().split);
    ARROW_ASSIGN_OR_RAISE(PendingMask pending, TakeSplit(spill, all, splits));
    ARROW_ASSIGN_OR_RAISE(
        masks[index], MaskSplit(stage, stage.tables[contract], splits, index, std::move(pending)));
  }
  return masks;
}

}  // namespace millrace::stage
