#include "stage/operators/ipc_file.h"

#include <arrow/ipc/api.h>
#include <arrow/util/compression.h>

#include "io/parquet/file_sink.h"

namespace millrace::stage {
namespace {

arrow::ipc::IpcWriteOptions WriteOptions() {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.codec = arrow::util::Codec::Create(arrow::Compression::ZSTD, 1).ValueOrDie();
  options.use_threads = false;
  return options;
}

}  // namespace

Status IpcFile::Open(io::Store& store, std::string key_prefix,
                     std::shared_ptr<arrow::Schema> schema) {
  key_prefix_ = std::move(key_prefix);
  ARROW_ASSIGN_OR_RAISE(auto file, store.Create(key_prefix_));
  sink_ = std::make_shared<io::FileSink>(std::move(file));
  return arrow::ipc::MakeFileWriter(sink_, std::move(schema), WriteOptions()).Value(&writer_);
}

Status IpcFile::Write(const arrow::RecordBatch& batch) {
  rows_ += batch.num_rows();
  return writer_->WriteRecordBatch(batch);
}

Result<io::DataFile> IpcFile::Finish() {
  ARROW_RETURN_NOT_OK(writer_->Close());
  ARROW_RETURN_NOT_OK(sink_->Close());
  io::DataFile file;
  file.rows = rows_;
  ARROW_ASSIGN_OR_RAISE(file.bytes, sink_->Tell());
  file.sha256 = sink_->FinishSha256();
  file.path = key_prefix_ + '-' + file.sha256.substr(0, 12) + ".arrow";
  ARROW_RETURN_NOT_OK(sink_->Commit(file.path));
  return file;
}

Result<std::shared_ptr<arrow::ipc::RecordBatchFileReader>> OpenIpcFile(const StageStore& place,
                                                                       const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto input, place.store().OpenForRead(place.Key(path)));
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  const auto reader = arrow::ipc::RecordBatchFileReader::Open(std::move(input), options);
  if (reader.ok()) return *reader;
  return MakeError(ErrorCode::kWorkspaceDamaged, path + " is no readable file of rows",
                   "remove it; the next run makes it anew");
}

}  // namespace millrace::stage
