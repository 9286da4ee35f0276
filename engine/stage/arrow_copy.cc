#include "stage/arrow_copy.h"

#include <arrow/compute/cast.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/reserved_columns.h"
#include "contract/features.h"
#include "io/parquet/file_sink.h"
#include "io/parquet/shard_writer.h"
#include "stage/hidden_values.h"

namespace millrace::stage {
namespace {

constexpr char kFolder[] = "datasets/";
// Smaller batches are joined: fewer are found sooner. Larger ones are not worth being copied.
constexpr int64_t kRowsPerBatch = 4096;
constexpr int64_t kBytesPerBatch = 128 << 10;
constexpr uintmax_t kLeftForOthers = uintmax_t{1} << 30;  // of a large disk; of others a quarter

bool HasRoom(const io::Store& store) {
  std::error_code error;
  const auto space = std::filesystem::space(store.LocalPath(""), error);
  return !error && space.available >= std::min(kLeftForOthers, space.capacity / 4);
}

}  // namespace

ArrowCopy::ArrowCopy(io::Store& store, const arrow::Schema& schema) : store_(store) {
  arrow::FieldVector fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = schema.field(i);
    if (IsReservedColumn(field->name())) continue;
    columns_.push_back(i);
    fields.push_back(arrow::field(field->name(), contract::TypeInDatasets(*field)));
  }
  schema_ = arrow::schema(std::move(fields));
  if (!Open().ok()) Drop();
}

ArrowCopy::~ArrowCopy() = default;

Status ArrowCopy::Open() {
  ARROW_ASSIGN_OR_RAISE(auto file, store_.Create(std::string(kFolder) + "rows"));
  sink_ = std::make_shared<io::FileSink>(std::move(file), /*hashes=*/false);
  return arrow::ipc::MakeStreamWriter(sink_, schema_).Value(&writer_);
}

void ArrowCopy::Add(const arrow::RecordBatch& rows) {
  if (writer_ != nullptr && !Take(rows).ValueOr(false)) Drop();
}

Result<bool> ArrowCopy::Take(const arrow::RecordBatch& rows) {
  if (!HasRoom(store_)) return false;
  arrow::ArrayVector columns;
  for (const int i : columns_) {
    auto column = rows.column(i);
    const auto& type = schema_->field(static_cast<int>(columns.size()))->type();
    if (!column->type()->Equals(*type)) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(*column, type));
    }
    // The shard does not hold what lies under a null, and nobody is to see it.
    if (HidesValues(*column)) {
      ARROW_ASSIGN_OR_RAISE(column, WithoutHiddenValues(column));
      if (HidesValues(*column)) return false;
    }
    columns.push_back(std::move(column));
  }
  waiting_.push_back(arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns)));
  waiting_rows_ += rows.num_rows();
  waiting_bytes_ += io::LogicalBytes(*waiting_.back());
  if (waiting_rows_ >= kRowsPerBatch || waiting_bytes_ >= kBytesPerBatch) {
    ARROW_RETURN_NOT_OK(WriteWaiting());
  }
  return true;
}

Status ArrowCopy::WriteWaiting() {
  if (waiting_.empty()) return Status::OK();
  std::shared_ptr<arrow::RecordBatch> rows = waiting_.front();
  if (waiting_.size() > 1) {
    ARROW_ASSIGN_OR_RAISE(rows,
                          arrow::ConcatenateRecordBatches(waiting_, arrow::system_memory_pool()));
  }
  waiting_.clear();
  waiting_rows_ = waiting_bytes_ = 0;
  return writer_->WriteRecordBatch(*rows);
}

void ArrowCopy::Keep(const io::DataFile& shard) {
  if (writer_ != nullptr && !Commit(shard).ok()) Drop();
}

// The note comes last: a copy without one is not read. Neither is synced, so the note tells the
// size that a copy had before a power cut.
Status ArrowCopy::Commit(const io::DataFile& shard) {
  ARROW_RETURN_NOT_OK(WriteWaiting());
  ARROW_RETURN_NOT_OK(writer_->Close());
  ARROW_RETURN_NOT_OK(sink_->Close());
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, sink_->Tell());
  const std::string key = kFolder + shard.sha256;
  ARROW_RETURN_NOT_OK(sink_->CommitForNow(key + ".arrow"));
  const nlohmann::ordered_json note = {{"shards", {shard.path}}, {"bytes", bytes}};
  ARROW_ASSIGN_OR_RAISE(const auto file, store_.Create(key));
  ARROW_RETURN_NOT_OK(file->Write(note.dump() + "\n"));
  return file->CommitForNow(key + ".json");
}

void ArrowCopy::Drop() {
  waiting_.clear();
  writer_.reset();
  sink_.reset();
}

}  // namespace millrace::stage
