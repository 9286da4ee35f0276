// The first records of an open file, chunk by chunk, cut to a number of them.
// Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "io/record_reader.h"

namespace millrace::pipeline {

/// `batch` as if its chunk had ended after so many records.
Result<io::RawBatch> FirstRecords(io::RawBatch batch, int64_t records);

class RawHead {
 public:
  RawHead(io::RecordReader& reader, int64_t records_max) : reader_(reader), left_(records_max) {}

  /// False once there are no further records, or enough of them.
  Result<bool> Next();
  const io::RawBatch& batch() const { return batch_; }
  const io::Chunk& chunk() const { return *chunk_; }

 private:
  io::RecordReader& reader_;
  int64_t left_;
  std::shared_ptr<io::Chunk> chunk_;
  io::RawBatch batch_;
};

}  // namespace millrace::pipeline
