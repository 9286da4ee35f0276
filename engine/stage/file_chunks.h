// The chunks of an open file: cut one after the other, parsed on the pool, and given out in order,
// with the bytes in flight bounded.
// Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "stage/chunk_task.h"
#include "stage/ordered_tasks.h"
#include "stage/split.h"

namespace millrace::stage {

struct FileChunkLimits {
  int64_t in_flight_bytes = 0;
  std::function<bool()> stopped;  // asked before each chunk: Cancelled
  std::function<void()> on_cut;   // a chunk was cut off; may be null
};

class FileChunks {
 public:
  /// The row groups of the split where it has some, else the whole file. Everything must outlive
  /// it.
  FileChunks(io::RecordReader& reader, const contract::Binding& binding, const ChunkWork& work,
             const Split& split, TaskPool& pool, FileChunkLimits limits);

  /// The next one, none at the end. What comes before damage is given out first.
  Result<std::optional<ParsedChunk>> Next();

 private:
  int64_t NextCost() const;
  Status CutChunk();
  Status CheckContinues(const io::Chunk& chunk);

  io::RecordReader& reader_;
  const contract::Binding& binding_;
  const ChunkWork& work_;
  const Split& split_;
  const FileChunkLimits limits_;
  int64_t last_cost_ = 0, next_offset_ = -1;
  bool at_end_ = false;
  Status cut_error_;
  OrderedTasks<ParsedChunk> tasks_;  // last: they refer to the reader and the binding
};

}  // namespace millrace::stage
