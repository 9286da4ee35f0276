#include "stage/reference_sequence.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "io/parquet/logical_hash.h"

namespace millrace::stage {
namespace {

/// What is left of a writer where rows stay: their number and their hash.
class RowHasher : public io::ShardWriter {
 public:
  explicit RowHasher(const arrow::Schema& schema) : hasher_(schema) {}
  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    rows_ += batch->num_rows();
    return hasher_.Update(*batch);
  }
  Result<io::DataFile> Finish() override {
    io::DataFile file;
    file.rows = rows_;
    file.logical_sha256 = hasher_.FinishHex();
    return file;
  }
  int64_t rows() const override { return rows_; }
  int64_t logical_bytes() const override { return 0; }  // nobody cuts by them

 private:
  io::LogicalHasher hasher_;
  int64_t rows_ = 0;
};

}  // namespace

ReferenceSequence::ReferenceSequence(const StageStore& place, ReferenceSequenceOptions options)
    : place_(place), options_(std::move(options)) {}

ReferenceSequence::~ReferenceSequence() = default;

Status ReferenceSequence::OpenPart(const Rows& chunk, int64_t row, const RowMark* mark) {
  ARROW_RETURN_NOT_OK(ClosePart());
  hasher_ = std::make_unique<io::BackgroundWriter>(std::make_unique<RowHasher>(*options_.schema),
                                                   options_.queue_bytes);
  profile_ = std::make_unique<TableProfiler>(*options_.schema, options_.sensitive);
  Part& part = parts_.emplace_back();
  part.fresh = std::make_unique<FreshRows::Shard>(options_.fresh_rows.get());
  part.entry.first_position = chunk.position_of(row);
  if (mark == nullptr) return Status::OK();
  part.byte_begin = mark->byte_offset;
  part.first_ordinal = chunk.first_ordinal + mark->record;
  return Status::OK();
}

Status ReferenceSequence::ClosePart() {
  if (hasher_ == nullptr) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(parts_.back().entry.data, hasher_->Finish());
  profiles_.Add(*profile_);
  hasher_.reset();
  profile_.reset();
  return Status::OK();
}

Status ReferenceSequence::Add(const Rows& chunk) {
  const int64_t total = chunk.rows->num_rows();
  int64_t begin = 0;
  if (parts_.empty()) ARROW_RETURN_NOT_OK(OpenPart(chunk, 0, nullptr));
  for (const RowMark& mark : chunk.marks) {
    if (options_.cut_bytes == 0) break;
    const int64_t before = std::exchange(multiple_, mark.byte_offset / options_.cut_bytes);
    if (before < 0 || before == multiple_) continue;
    if (mark.row > begin) ARROW_RETURN_NOT_OK(AddToPart(chunk, begin, mark.row));
    begin = mark.row;
    ARROW_RETURN_NOT_OK(OpenPart(chunk, begin, &mark));
  }
  return AddToPart(chunk, begin, total);
}

Status ReferenceSequence::AddToPart(const Rows& chunk, int64_t begin, int64_t end) {
  const bool is_whole = begin == 0 && end == chunk.rows->num_rows();
  const auto rows = is_whole ? chunk.rows : chunk.rows->Slice(begin, end - begin);
  ARROW_RETURN_NOT_OK(hasher_->Write(rows));
  if (is_whole && chunk.profile != nullptr) {
    ARROW_RETURN_NOT_OK(profile_->Merge(*chunk.profile));
  } else {
    profile_->Update(*rows);
  }
  Part& part = parts_.back();
  part.fresh->Add(rows);
  part.entry.last_position = chunk.position_of(end - 1);
  return Status::OK();
}

Result<ShardSequence::Finished> ReferenceSequence::Finish(const RowReference& whole,
                                                          int64_t source_bytes, double weight) {
  ARROW_RETURN_NOT_OK(ClosePart());
  ShardSequence::Finished finished;
  for (size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    RowReference reference = whole;
    int64_t bytes = source_bytes;
    if (parts_.size() > 1) {
      const Part* next = i + 1 < parts_.size() ? &parts_[i + 1] : nullptr;
      const int64_t end = next != nullptr ? next->byte_begin : source_bytes;
      reference.range = {part.byte_begin, end};
      reference.first_ordinal = part.first_ordinal;
      reference.records =
          (next != nullptr ? next->first_ordinal : whole.records) - part.first_ordinal;
      reference.files.front().records = reference.records;
      bytes = end - part.byte_begin;
    }
    reference.rows = part.entry.data.rows;
    reference.logical_sha256 = part.entry.data.logical_sha256;
    char number[32];
    std::snprintf(number, sizeof number, "-%05zu", i);
    ARROW_ASSIGN_OR_RAISE(
        part.entry.data,
        PutReference(place_.store(), place_.Key("data/" + options_.split_name + number), reference,
                     static_cast<int64_t>(static_cast<double>(bytes) * weight)));
    part.fresh->Keep(part.entry.data.path);
    part.entry.data.path = place_.PathOf(part.entry.data.path);
    finished.shards.push_back(part.entry);
  }
  ARROW_ASSIGN_OR_RAISE(
      finished.profile,
      profiles_.Write(place_.store(), place_.Key("profiles/" + options_.split_name)));
  finished.profile.path = place_.PathOf(finished.profile.path);
  parts_.clear();
  return finished;
}

}  // namespace millrace::stage
