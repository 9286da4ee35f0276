#include "io/jsonl/jsonl_cutter.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "io/jsonl/record_walker.h"

namespace millrace::io {
namespace {

constexpr size_t kPadding = RecordWalker::kPadding;

bool IsSpace(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

JsonlCutter::JsonlCutter(std::unique_ptr<ByteStream> stream, const JsonlOptions& options)
    : stream_(std::move(stream)),
      chunk_bytes_(static_cast<size_t>(options.chunk_bytes)),
      record_bytes_max_(static_cast<size_t>(options.record_bytes_max)),
      declared_(options.layout) {}

Status JsonlCutter::Start() {
  while (filled_ < 3 && !at_end_) ARROW_RETURN_NOT_OK(Fill());
  size_t at = 0;
  if (filled_ >= 3 && std::memcmp(data(), "\xEF\xBB\xBF", 3) == 0) header_bytes_ = at = 3;
  const size_t limit = at + record_bytes_max_;
  while (at < limit) {
    while (at < filled_ && at < limit && IsSpace(data()[at])) ++at;
    if (at < filled_ || at_end_) break;
    ARROW_RETURN_NOT_OK(Fill());
  }
  const uint8_t first = at < filled_ && at < limit ? data()[at] : 0;
  if (declared_) {
    layout_ = *declared_;
  } else if (first == '[') {
    layout_ = JsonlLayout::kArray;
  } else if (first == '{') {
    ARROW_ASSIGN_OR_RAISE(const bool concatenated, BeginsConcatenated(at));
    if (concatenated) layout_ = JsonlLayout::kConcatenated;
  }
  if (is_array() && first != '[') {
    return MakeError(ErrorCode::kUnknownDialect, "the file is no JSON array: it begins otherwise",
                     "leave `layout` out, and the file itself will tell");
  }
  if (is_array()) header_bytes_ = static_cast<int64_t>(at) + 1;
  const auto header = static_cast<size_t>(header_bytes_);
  if (filled_ > 0) std::memmove(data(), data() + header, filled_ - header);
  filled_ -= header;
  next_offset_ = header_bytes_;
  return Status::OK();
}

Result<bool> JsonlCutter::IsGoodObject(size_t begin, size_t end) {
  std::memset(data() + filled_, 0, kPadding);
  ARROW_ASSIGN_OR_RAISE(const auto walker, RecordWalker::Make(Projection()));
  const size_t bytes = end - begin;
  walker->StartCells(bytes);
  return walker->Index(data() + begin, bytes) &&
         walker->Walk(0, bytes, nullptr).end == WalkEnd::kGood;
}

// Only a good object is taken at its word: a torn line of a JSONL file may go on on the next.
Result<bool> JsonlCutter::BeginsConcatenated(size_t at) {
  const size_t limit = at + record_bytes_max_;
  ObjectScanner scanner;
  size_t end = at;
  while (!scanner.Find(data(), end, filled_, &end)) {
    if (at_end_ || end > limit) return false;
    ARROW_RETURN_NOT_OK(Fill());
  }
  if (end > limit || data()[end - 1] != '}') return false;
  if (std::memchr(data() + at, '\n', end - at) == nullptr) {
    size_t next = end;  // what follows on the line
    while (true) {
      while (next < filled_ && data()[next] != '\n' && IsSpace(data()[next])) ++next;
      if (next < filled_ || at_end_ || next > limit) break;
      ARROW_RETURN_NOT_OK(Fill());
    }
    if (next == filled_ || data()[next] != '{') return false;
  }
  return IsGoodObject(at, end);
}

Result<std::shared_ptr<Chunk>> JsonlCutter::Next() {
  if (finished_) return nullptr;
  switch (layout_) {
    case JsonlLayout::kArray:
      return NextOfArray();
    case JsonlLayout::kConcatenated:
      return NextConcatenated();
    case JsonlLayout::kLines:
      break;
  }
  return NextLines();
}

Result<std::shared_ptr<Chunk>> JsonlCutter::NextConcatenated() {
  while (true) {
    while (scanned_ < filled_ && scanned_ - element_begin_ <= record_bytes_max_) {
      const bool ends = objects_.Find(data(), scanned_, filled_, &scanned_);
      if (scanned_ - element_begin_ > record_bytes_max_) {
        too_long_ended_ = ends;
        break;
      }
      if (!ends) break;
      element_begin_ = scanned_;
    }
    // Whole records go out before more is read; so does what stands before an over-long one.
    if (element_begin_ > 0) return Emit(element_begin_);
    if (scanned_ > record_bytes_max_) return Oversize();
    if (at_end_) {
      finished_ = true;
      if (filled_ == 0) return nullptr;
      return Emit(filled_);
    }
    ARROW_RETURN_NOT_OK(Fill());
  }
}

Result<std::shared_ptr<Chunk>> JsonlCutter::NextLines() {
  while (true) {
    if (scanned_ < filled_) {
      const void* last = memrchr(data() + scanned_, '\n', filled_ - scanned_);
      if (last != nullptr) {
        return Emit(static_cast<size_t>(static_cast<const uint8_t*>(last) - data()) + 1);
      }
      scanned_ = filled_;
    }
    if (filled_ > record_bytes_max_) return Oversize();
    if (at_end_) {
      finished_ = true;
      if (filled_ == 0) return nullptr;
      return Emit(filled_);
    }
    ARROW_RETURN_NOT_OK(Fill());
  }
}

Result<std::shared_ptr<Chunk>> JsonlCutter::NextOfArray() {
  while (!closed_) {
    while (scanned_ < filled_) {
      const size_t at = scanner_.Find(data(), scanned_, filled_);
      scanned_ = at;
      if (at - element_begin_ > record_bytes_max_) break;
      if (at == filled_) break;
      ++scanned_;
      if (data()[at] == ']') {
        closed_ = true;
        close_end_ = at + 1;
        break;
      }
      element_begin_ = at + 1;
    }
    if (closed_) break;
    // Whole elements go out before more is read; so does what stands before an over-long one, and
    // before an unclosed one at the end of the file.
    if (element_begin_ > 0) return Emit(element_begin_);
    if (scanned_ > record_bytes_max_) return Oversize();
    if (at_end_) {
      finished_ = true;
      return Emit(filled_);
    }
    ARROW_RETURN_NOT_OK(Fill());
  }
  return AfterClose();
}

Result<std::shared_ptr<Chunk>> JsonlCutter::AfterClose() {
  while (filled_ - close_end_ <= record_bytes_max_) {
    if (at_end_) {
      finished_ = true;
      if (close_end_ == 0 && filled_ == 0) return nullptr;
      return Emit(filled_);
    }
    ARROW_RETURN_NOT_OK(Fill());
  }
  if (close_end_ > 0) {
    const size_t bytes = close_end_;
    close_end_ = 0;
    return Emit(bytes);
  }
  return Oversize();
}

bool JsonlCutter::FindRecordEnd(size_t from, size_t* end) {
  if (layout_ == JsonlLayout::kConcatenated) {
    *end = from;
    if (std::exchange(too_long_ended_, false)) return true;
    return objects_.Find(data(), from, filled_, end);
  }
  if (!is_array()) {
    const void* newline = std::memchr(data() + from, '\n', filled_ - from);
    if (newline == nullptr) return false;
    *end = static_cast<size_t>(static_cast<const uint8_t*>(newline) - data()) + 1;
    return true;
  }
  if (closed_) return false;
  const size_t at = scanner_.Find(data(), from, filled_);
  if (at == filled_) return false;
  closed_ = data()[at] == ']';
  *end = at + 1;
  return !closed_;
}

// Skips a record that is too long, with its separator, keeping only its head. The last element of
// an array takes all that follows with it.
Result<std::shared_ptr<Chunk>> JsonlCutter::Oversize() {
  std::string head;
  int64_t skipped = 0;
  bool found = false;
  for (size_t from = scanned_; !found; from = 0) {
    size_t end = filled_;
    found = from < filled_ && FindRecordEnd(from, &end);
    if (!found) end = filled_;
    const size_t keep = std::min(end, static_cast<size_t>(kRejectRawBytesMax) - head.size());
    head.append(reinterpret_cast<const char*>(data()), keep);
    skipped += static_cast<int64_t>(end);
    std::memmove(data(), data() + end, filled_ - end);
    filled_ -= end;
    if (found || at_end_) break;
    ARROW_RETURN_NOT_OK(Fill());
  }
  scanned_ = element_begin_ = 0;
  finished_ = !found;
  return NewChunk(arrow::Buffer::FromString(std::move(head)), skipped);
}

Status JsonlCutter::MakeRoom(size_t bytes) {
  const auto capacity = static_cast<int64_t>(bytes + kPadding);
  if (!buffer_) {
    ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(capacity));
    return Status::OK();
  }
  if (buffer_->size() >= capacity) return Status::OK();
  return buffer_->Resize(capacity);
}

Status JsonlCutter::Fill() {
  size_t more = chunk_bytes_ > filled_ ? chunk_bytes_ - filled_ : std::max<size_t>(filled_, 1);
  more = std::min(more, std::max(chunk_bytes_, record_bytes_max_ + 1));
  ARROW_RETURN_NOT_OK(MakeRoom(filled_ + more));
  ARROW_ASSIGN_OR_RAISE(const int64_t got,
                        stream_->Read(static_cast<int64_t>(more), data() + filled_));
  at_end_ = got == 0;
  filled_ += static_cast<size_t>(got);
  return Status::OK();
}

Result<std::shared_ptr<Chunk>> JsonlCutter::Emit(size_t bytes) {
  if (!buffer_) ARROW_RETURN_NOT_OK(MakeRoom(0));
  std::shared_ptr<arrow::ResizableBuffer> full = std::move(buffer_);
  buffer_ = nullptr;
  const size_t rest = filled_ - bytes;
  if (rest > 0 || !at_end_) {
    ARROW_RETURN_NOT_OK(MakeRoom(std::max(chunk_bytes_, rest)));
    std::memcpy(data(), full->data() + bytes, rest);
  }
  std::memset(full->mutable_data() + filled_, 0, kPadding);
  filled_ = rest;
  scanned_ -= std::min(scanned_, bytes);
  element_begin_ = 0;
  return NewChunk(arrow::SliceBuffer(std::move(full), 0, static_cast<int64_t>(bytes)), 0);
}

std::shared_ptr<Chunk> JsonlCutter::NewChunk(std::shared_ptr<arrow::Buffer> bytes,
                                             int64_t oversize) {
  auto chunk = std::make_shared<Chunk>();
  chunk->index = next_index_++;
  chunk->byte_offset = next_offset_;
  chunk->bytes = std::move(bytes);
  chunk->oversize_bytes = oversize;
  next_offset_ += chunk->bytes_size();
  return chunk;
}

}  // namespace millrace::io
