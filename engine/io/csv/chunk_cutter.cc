#include "io/csv/chunk_cutter.h"

#include <algorithm>
#include <cstring>

namespace millrace::io::csv {
namespace {

constexpr int64_t kReadBytesMin = 64 << 10;

}  // namespace

ChunkCutter::ChunkCutter(std::unique_ptr<ByteStream> stream, const CsvOptions& options)
    : stream_(std::move(stream)),
      // A chunk above the record limit could hide a record above it.
      chunk_bytes_(std::clamp<int64_t>(options.chunk_bytes, 1, options.record_bytes_max)),
      record_bytes_max_(options.record_bytes_max) {}

void ChunkCutter::SetDialect(const CsvDialect& dialect, bool force_exact) {
  scanner_ = std::make_unique<Scanner>(dialect, force_exact);
}

// Reads until `bytes_wanted` are available or the stream is at its end, into a buffer of its own:
// chunks cut from the old one may still be read.
Status ChunkCutter::Fill(int64_t bytes_wanted) {
  if (at_end_ || available() >= bytes_wanted) return Status::OK();
  const int64_t capacity = std::max(bytes_wanted, kReadBytesMin);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(capacity + static_cast<int64_t>(kPadding)));
  int64_t filled = available();
  if (filled > 0) std::memcpy(buffer->mutable_data(), data(), static_cast<size_t>(filled));
  while (filled < capacity) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got,
                          stream_->Read(capacity - filled, buffer->mutable_data() + filled));
    filled += got;
    if (got == 0) {
      at_end_ = true;
      break;
    }
  }
  std::memset(buffer->mutable_data() + filled, 0, kPadding);
  buffer_ = std::move(buffer);
  begin_ = 0;
  end_ = filled;
  return Status::OK();
}

Result<std::string_view> ChunkCutter::Head(int64_t bytes_max) {
  ARROW_RETURN_NOT_OK(Fill(bytes_max));
  if (!buffer_) return std::string_view();
  const auto bytes = static_cast<size_t>(std::min(available(), bytes_max));
  return std::string_view(reinterpret_cast<const char*>(data()), bytes);
}

void ChunkCutter::Skip(int64_t bytes) {
  MILLRACE_CHECK(bytes <= available());
  begin_ += bytes;
  offset_ += bytes;
}

std::shared_ptr<Chunk> ChunkCutter::Skipped(int64_t bytes) {
  auto chunk = std::make_shared<Chunk>();
  chunk->index = index_++;
  chunk->byte_offset = offset_;
  chunk->bytes = std::make_shared<arrow::Buffer>(nullptr, 0);
  chunk->skipped_bytes = bytes;
  offset_ += bytes;
  return chunk;
}

Result<std::shared_ptr<Chunk>> ChunkCutter::Next() {
  MILLRACE_CHECK(scanner_ != nullptr);
  size_t scanned = 0;
  size_t cut = 0;
  Place place = Place::kFieldStart;
  if (open_until_ > offset_) ScanDoubtful(&scanned, &place, &cut);
  if (cut > 0) return Take(static_cast<int64_t>(cut));
  for (int64_t wanted = chunk_bytes_;; wanted = std::min(wanted * 2, record_bytes_max_)) {
    // A little more than is scanned: the byte after a closing quote decides.
    const auto lookahead = static_cast<int64_t>(scanner_->lookahead());
    ARROW_RETURN_NOT_OK(Fill(wanted + lookahead));
    if (available() == 0) return nullptr;
    const int64_t readable = at_end_ ? available() : available() - lookahead;
    const auto limit = static_cast<size_t>(std::min(wanted, readable));
    if (limit > scanned) {
      place = scanner_->FindCut(data(), scanned, limit, place, &cut);
      scanned = limit;
    }
    if (cut > 0) return Take(static_cast<int64_t>(cut));
    if (at_end_ && static_cast<int64_t>(scanned) == available()) {
      const bool open_quote = place == Place::kQuoted || place == Place::kEscaped;
      return open_quote ? TakeFirstLine(/*too_long=*/false, scanned, place) : Take(available());
    }
    if (wanted == record_bytes_max_) return TakeFirstLine(/*too_long=*/true, scanned, place);
  }
}

// Line by line where an earlier scan found no record end. The first line end inside quotes stands
// for all that scan has seen.
void ChunkCutter::ScanDoubtful(size_t* scanned, Place* place, size_t* cut) const {
  const auto until = static_cast<size_t>(open_until_ - offset_);
  while (*scanned < until && static_cast<int64_t>(*scanned) < chunk_bytes_) {
    const void* found = std::memchr(data() + *scanned, scanner_->line_end(), until - *scanned);
    if (found == nullptr) return;
    const auto next = static_cast<size_t>(static_cast<const uint8_t*>(found) - data()) + 1;
    *place = scanner_->FindCut(data(), *scanned, next, *place, cut);
    *scanned = next;
    if (*cut == next) continue;
    *scanned = until;
    *place = open_place_;
  }
}

Result<std::shared_ptr<Chunk>> ChunkCutter::Take(int64_t bytes, int64_t oversize_bytes) {
  auto chunk = std::make_shared<Chunk>();
  chunk->index = index_++;
  chunk->byte_offset = offset_;
  chunk->bytes = arrow::SliceBuffer(buffer_, begin_, bytes);
  if (bytes < buffer_->size() / 4) {  // a small chunk shall not keep a large buffer
    const int64_t padded = bytes + static_cast<int64_t>(kPadding);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> copy, arrow::AllocateBuffer(padded));
    std::memcpy(copy->mutable_data(), data(), static_cast<size_t>(padded));
    chunk->bytes = arrow::SliceBuffer(std::move(copy), 0, bytes);
  }
  chunk->oversize_bytes = oversize_bytes;
  begin_ += bytes;
  offset_ += oversize_bytes > 0 ? oversize_bytes : bytes;
  return chunk;
}

// The record at begin_ has no end we may look for: it is its first line.
Result<std::shared_ptr<Chunk>> ChunkCutter::TakeFirstLine(bool too_long, size_t scanned,
                                                          Place place) {
  open_until_ = offset_ + static_cast<int64_t>(scanned);
  open_place_ = place;
  const char line_end = scanner_->line_end();
  int64_t known = static_cast<int64_t>(scanned);
  if (too_long) {  // as much of the line as a reject shows, whatever the sizes of chunks and reads
    ARROW_RETURN_NOT_OK(Fill(kRejectRawBytesMax));
    known = std::max(known, std::min(available(), kRejectRawBytesMax));
  }
  const void* found = std::memchr(data(), line_end, static_cast<size_t>(known));
  if (found != nullptr) {
    const int64_t line = static_cast<const uint8_t*>(found) - data() + 1;
    return Take(line, too_long ? line : 0);
  }
  if (!too_long) return Take(available());  // the last line of the file
  const int64_t head = std::min(known, kRejectRawBytesMax);
  ARROW_ASSIGN_OR_RAISE(auto chunk, Take(head, known));
  begin_ += chunk->oversize_bytes - head;
  // Skip to the line's end without holding it.
  while (available() > 0 || !at_end_) {
    ARROW_RETURN_NOT_OK(Fill(chunk_bytes_));
    const void* end = std::memchr(data(), line_end, static_cast<size_t>(available()));
    const int64_t skipped =
        end != nullptr ? static_cast<const uint8_t*>(end) - data() + 1 : available();
    begin_ += skipped;
    offset_ += skipped;
    chunk->oversize_bytes += skipped;
    if (end != nullptr) break;
  }
  return chunk;
}

}  // namespace millrace::io::csv
