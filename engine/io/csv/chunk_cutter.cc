#include "io/csv/chunk_cutter.h"

#include <algorithm>
#include <cstring>

namespace millrace::io::csv {

ChunkCutter::ChunkCutter(std::unique_ptr<ByteStream> stream, const CsvOptions& options)
    : stream_(std::move(stream)),
      // A chunk above the record limit could hide a record above it.
      chunk_bytes_(std::clamp<int64_t>(options.chunk_bytes, 1, options.record_bytes_max)),
      record_bytes_max_(options.record_bytes_max) {}

void ChunkCutter::SetDialect(const CsvDialect& dialect, bool force_exact) {
  scanner_ = std::make_unique<Scanner>(dialect, force_exact);
}

// Reads until `bytes_wanted` are available or the stream is at its end.
Status ChunkCutter::Fill(int64_t bytes_wanted) {
  if (at_end_ || available() >= bytes_wanted) return Status::OK();
  const int64_t capacity = bytes_wanted + static_cast<int64_t>(kPadding);
  if (!buffer_ || begin_ + capacity > buffer_->size()) {
    // Chunks are handed out as copies, so the rest can move to the front.
    if (!buffer_) {
      ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(capacity));
    } else if (begin_ > 0) {
      std::memmove(buffer_->mutable_data(), data(), static_cast<size_t>(available()));
      end_ -= begin_;
      begin_ = 0;
    }
    if (buffer_->size() < capacity) ARROW_RETURN_NOT_OK(buffer_->Resize(capacity, false));
  }
  while (available() < bytes_wanted) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, stream_->Read(bytes_wanted - available(),
                                                           buffer_->mutable_data() + end_));
    end_ += got;
    if (got == 0) {
      at_end_ = true;
      break;
    }
  }
  std::memset(buffer_->mutable_data() + end_, 0, kPadding);
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

Result<std::shared_ptr<Chunk>> ChunkCutter::Next() {
  MILLRACE_CHECK(scanner_ != nullptr);
  size_t scanned = 0;
  size_t cut = 0;
  Place place = Place::kFieldStart;
  for (int64_t wanted = chunk_bytes_;; wanted = std::min(wanted * 2, record_bytes_max_)) {
    // One byte more than is scanned: the byte after a closing quote decides.
    ARROW_RETURN_NOT_OK(Fill(wanted + 1));
    if (available() == 0) return nullptr;
    const int64_t readable = at_end_ ? available() : available() - 1;
    const auto limit = static_cast<size_t>(std::min(wanted, readable));
    if (limit > scanned) {
      place = scanner_->FindCut(data(), scanned, limit, place, &cut);
      scanned = limit;
    }
    if (cut > 0) return Take(static_cast<int64_t>(cut));
    if (at_end_ && static_cast<int64_t>(scanned) == available()) {
      const bool open_quote = place == Place::kQuoted || place == Place::kEscaped;
      return open_quote ? TakeFirstLine(/*too_long=*/false) : Take(available());
    }
    if (wanted == record_bytes_max_) return TakeFirstLine(/*too_long=*/true);
  }
}

Result<std::shared_ptr<Chunk>> ChunkCutter::Take(int64_t bytes, int64_t oversize_bytes) {
  auto chunk = std::make_shared<Chunk>();
  chunk->index = index_++;
  chunk->byte_offset = offset_;
  const int64_t padded = bytes + static_cast<int64_t>(kPadding);
  ARROW_ASSIGN_OR_RAISE(auto copy, arrow::AllocateResizableBuffer(padded));
  std::memcpy(copy->mutable_data(), data(), static_cast<size_t>(bytes));
  std::memset(copy->mutable_data() + bytes, 0, kPadding);
  // The padding stays allocated behind the size, as Scan and the field copies rely on.
  chunk->bytes = arrow::SliceBuffer(std::shared_ptr<arrow::Buffer>(std::move(copy)), 0, bytes);
  chunk->oversize_bytes = oversize_bytes;
  begin_ += bytes;
  offset_ += oversize_bytes > 0 ? oversize_bytes : bytes;
  return chunk;
}

// The record at begin_ has no end we may look for: it is its first line.
Result<std::shared_ptr<Chunk>> ChunkCutter::TakeFirstLine(bool too_long) {
  const char line_end = scanner_->line_end();
  const void* found = std::memchr(data(), line_end, static_cast<size_t>(available()));
  if (found != nullptr) {
    const int64_t line = static_cast<const uint8_t*>(found) - data() + 1;
    return Take(line, too_long ? line : 0);
  }
  if (!too_long) return Take(available());  // the last line of the file
  const int64_t head = std::min(available(), kRejectRawBytesMax);
  ARROW_ASSIGN_OR_RAISE(auto chunk, Take(head, available()));
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
