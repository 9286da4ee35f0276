// Records that a scanner finds by being fed the file block by block: the half of a KeyedSource that
// buffers, cuts chunks and keeps memory bounded. A format scans blocks and marks where records
// begin and end; it may learn of a mark later than the block that holds it.
//
// Thread-safety: one thread at a time, but for Read, which belongs to the format.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "io/byte_stream.h"
#include "io/text/keyed_records.h"

namespace millrace::io {

class MarkedRecords : public KeyedSource {
 public:
  struct Options {
    int64_t chunk_bytes = 1 << 20;
    int64_t record_bytes_max = 16 << 20;
  };
  MarkedRecords(std::unique_ptr<ByteStream> stream, const Options& options)
      : stream_(std::move(stream)), options_(options) {}

  Result<std::shared_ptr<RecordsChunk>> Next() final;

 protected:
  /// The next bytes of the file; `last`: nothing follows. An error ends the file behind the records
  /// that have ended until then.
  virtual Status Scan(std::string_view block, bool last) = 0;

  // Offsets in the file, in order. REQUIRES: a record begins where none is open, ends where one is.
  void BeginRecord(int64_t offset);
  void EndRecord(int64_t offset);
  /// Whatever begins or ends before `offset` is marked.
  void Pass(int64_t offset) { passed_ = offset; }
  bool in_record() const { return in_record_; }

 private:
  Status Feed();
  std::shared_ptr<RecordsChunk> Take(int64_t end);

  std::unique_ptr<ByteStream> stream_;
  const Options options_;
  std::string bytes_;                             // read and not handed out yet
  int64_t begin_ = 0, read_ = 0;                  // in the file: where they begin and end
  std::deque<std::pair<int64_t, int64_t>> ends_;  // of the whole records in them: begin and end
  int64_t passed_ = 0;
  bool in_record_ = false;
  int64_t record_begin_ = 0;
  bool skipping_ = false;  // the open record is too long; bytes_ lacks what is in the middle of it
  bool at_end_ = false;
  Status error_;  // what comes behind the last good chunk
  int64_t index_ = 0;
};

}  // namespace millrace::io
