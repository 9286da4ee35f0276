#include "stage/arrow_copy.h"

#include <arrow/ipc/writer.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/reserved_columns.h"
#include "io/parquet/file_sink.h"
#include "stage/hidden_values.h"

namespace millrace::stage {
namespace {

const std::string kFolder = "datasets/";

}  // namespace

ArrowCopy::ArrowCopy(io::Store& store, const arrow::Schema& schema) : store_(store) {
  arrow::FieldVector fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = schema.field(i);
    if (IsReservedColumn(field->name())) continue;
    columns_.push_back(i);
    fields.push_back(arrow::field(field->name(), field->type()));  // as readers of datasets have it
  }
  schema_ = arrow::schema(std::move(fields));
  if (!Open().ok()) Drop();
}

ArrowCopy::~ArrowCopy() = default;

Status ArrowCopy::Open() {
  ARROW_ASSIGN_OR_RAISE(auto file, store_.Create(kFolder + "rows"));
  sink_ = std::make_shared<io::FileSink>(std::move(file), /*hashes=*/false);
  return arrow::ipc::MakeStreamWriter(sink_, schema_).Value(&writer_);
}

void ArrowCopy::Add(const arrow::RecordBatch& rows) {
  if (writer_ != nullptr && !Write(rows).ok()) Drop();
}

Status ArrowCopy::Write(const arrow::RecordBatch& rows) {
  arrow::ArrayVector columns;
  for (const int i : columns_) {
    // The shard does not hold them, and nobody is to see them.
    if (MayHideValues(*rows.column_data(i))) return Status::Cancelled("values under a null");
    columns.push_back(rows.column(i));
  }
  return writer_->WriteRecordBatch(
      *arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns)));
}

void ArrowCopy::Keep(const io::DataFile& shard) {
  if (writer_ != nullptr && !Commit(shard).ok()) Drop();
}

// The note comes last: a copy without one is not read. Neither is synced, so the note tells the
// size that a copy had before a power cut.
Status ArrowCopy::Commit(const io::DataFile& shard) {
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
  writer_.reset();
  sink_.reset();
}

}  // namespace millrace::stage
