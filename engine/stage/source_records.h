// Records of a split once more, for rejects that are found when its chunks are long gone: the files
// are read again, from their beginning to the last record asked for, one chunk in memory at a time.
// Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/reject.h"
#include "contract/binding.h"
#include "io/record_reader.h"
#include "stage/commit_record.h"
#include "stage/stage_context.h"

namespace millrace::stage {

class SourceRecords {
 public:
  SourceRecords(const StageContext& stage, const CommitRecord& split);

  /// Place and raw bytes of the record at a position of the split, as any reject has them.
  /// REQUIRES: positions ascend, and the record became a row.
  /// FileChanged when the file is not the one that was ingested.
  Result<Reject> At(int64_t position);
  /// Whether the last file is still the one that was ingested.
  Status Finish();

 private:
  Status OpenFileOf(int64_t position);
  Status NextChunk();

  const StageContext& stage_;
  const CommitRecord& split_;
  const source::FileSource* source_ = nullptr;
  const io::FileInfo* file_ = nullptr;     // the open one
  int64_t file_begin_ = 0, file_end_ = 0;  // its positions
  std::unique_ptr<contract::Binding> binding_;
  std::optional<source::OpenedFile> opened_;
  std::shared_ptr<io::Chunk> chunk_;
  io::RawBatch batch_;
  int64_t chunk_begin_ = 0;  // position of the chunk's first record
};

}  // namespace millrace::stage
