// Arrow IPC files (zstd) beside the shards of a stage, committed under the hash of their content.
// Thread-safety: one thread.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>

#include "io/data_file.h"
#include "stage/stage_store.h"

namespace arrow::ipc {
class RecordBatchFileReader;
class RecordBatchWriter;
}  // namespace arrow::ipc

namespace millrace::io {
class FileSink;
}

namespace millrace::stage {

class IpcFile {
 public:
  Status Open(io::Store& store, std::string key_prefix, std::shared_ptr<arrow::Schema> schema);
  Status Write(const arrow::RecordBatch& batch);
  /// Commits `<key_prefix>-<hash>.arrow`; the path of the result is that key.
  Result<io::DataFile> Finish();

 private:
  std::string key_prefix_;
  std::shared_ptr<io::FileSink> sink_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
  int64_t rows_ = 0;
};

/// `path`: in the stage's folder. WorkspaceDamaged when it is no such file.
Result<std::shared_ptr<arrow::ipc::RecordBatchFileReader>> OpenIpcFile(const StageStore& place,
                                                                       const std::string& path);

}  // namespace millrace::stage
