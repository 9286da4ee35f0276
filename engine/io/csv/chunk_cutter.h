// Cuts a CSV stream into chunks of whole records, whatever the size of the reads.
//
// A record that does not end within record_bytes_max, or a quote that is still open at the end of
// the file, must not swallow what follows it: such a record is its first line, and reading goes on
// with the next one. A line of its own that is too long is skipped without being held.
//
// What such a record's scan has seen is kept: at a line end inside quotes every scan is in the same
// place, so a later one goes on where the first stopped. A file of stray quotes stays linear.
//
// Thread-safety: one thread at a time.
#pragma once

#include <arrow/buffer.h>

#include <memory>
#include <string_view>

#include "io/byte_stream.h"
#include "io/csv/scanner.h"
#include "io/record_reader.h"

namespace millrace::io::csv {

class ChunkCutter {
 public:
  ChunkCutter(std::unique_ptr<ByteStream> stream, const CsvOptions& options);

  /// The first bytes of the file, at most `bytes_max` of them, left in place.
  Result<std::string_view> Head(int64_t bytes_max);
  /// Sets the dialect; called once, between Head and the first Next.
  void SetDialect(const CsvDialect& dialect, bool force_exact);
  /// Drops the first bytes (byte order mark, header). REQUIRES: Head has shown them.
  void Skip(int64_t bytes);

  /// What the stream starts with is at this offset in the file. REQUIRES: nothing was cut yet.
  void StartAt(int64_t offset) { offset_ += offset; }
  /// A chunk without records, for bytes that the stream leaves out at its end.
  std::shared_ptr<Chunk> Skipped(int64_t bytes);

  /// The next chunk, or null at the end.
  Result<std::shared_ptr<Chunk>> Next();

 private:
  Status Fill(int64_t bytes_wanted);
  Result<std::shared_ptr<Chunk>> Take(int64_t bytes, int64_t oversize_bytes = 0);
  Result<std::shared_ptr<Chunk>> TakeFirstLine(bool too_long, size_t scanned, Place place);
  void ScanDoubtful(size_t* scanned, Place* place, size_t* cut) const;
  const uint8_t* data() const { return buffer_->data() + begin_; }
  int64_t available() const { return end_ - begin_; }

  std::unique_ptr<ByteStream> stream_;
  int64_t chunk_bytes_, record_bytes_max_;
  std::unique_ptr<Scanner> scanner_;
  std::shared_ptr<arrow::Buffer> buffer_;  // shared with the chunks cut from it: filled only once
  int64_t begin_ = 0, end_ = 0;            // the unread bytes in buffer_
  bool at_end_ = false;                    // the stream has no more
  int64_t offset_ = 0;                     // in the file, of begin_
  int64_t open_until_ = 0;                 // in the file: an open record was scanned up to here
  Place open_place_ = Place::kQuoted;      // and this was the place there
  int64_t index_ = 0;
};

}  // namespace millrace::io::csv
