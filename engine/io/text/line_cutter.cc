#include "io/text/line_cutter.h"

#include <algorithm>

namespace millrace::io {

Status LineCutter::Fill(size_t bytes_wanted) {
  while (!at_end_ && bytes_.size() < bytes_wanted) {
    const size_t held = bytes_.size();
    bytes_.resize(bytes_wanted);
    const auto got = stream_->Read(static_cast<int64_t>(bytes_wanted - held),
                                   reinterpret_cast<uint8_t*>(bytes_.data() + held));
    bytes_.resize(held + static_cast<size_t>(got.ok() ? *got : 0));
    ARROW_RETURN_NOT_OK(got.status());
    at_end_ = *got == 0;
  }
  return Status::OK();
}

Result<std::string_view> LineCutter::Head(int64_t bytes_max) {
  ARROW_RETURN_NOT_OK(Fill(static_cast<size_t>(bytes_max)));
  return std::string_view(bytes_).substr(0, static_cast<size_t>(bytes_max));
}

void LineCutter::Skip(int64_t bytes) {
  bytes_.erase(0, static_cast<size_t>(bytes));
  offset_ += bytes;
}

std::shared_ptr<Chunk> LineCutter::Take(size_t bytes, int64_t oversize_bytes) {
  auto chunk = std::make_shared<Chunk>();
  chunk->index = index_++;
  chunk->byte_offset = offset_;
  std::string rest = bytes_.substr(bytes);
  bytes_.resize(bytes);
  chunk->bytes = arrow::Buffer::FromString(std::move(bytes_));
  chunk->oversize_bytes = oversize_bytes;
  bytes_ = std::move(rest);
  offset_ += chunk->bytes_size();
  return chunk;
}

Result<std::shared_ptr<Chunk>> LineCutter::Next() {
  const auto longest = static_cast<size_t>(record_bytes_max_) + 1;
  size_t wanted = static_cast<size_t>(std::min(chunk_bytes_, record_bytes_max_));
  while (true) {
    ARROW_RETURN_NOT_OK(Fill(wanted));
    const size_t newline = bytes_.rfind('\n');
    if (newline != std::string::npos) return Take(newline + 1, 0);
    if (bytes_.size() >= longest) return TakeOversize();
    if (at_end_) break;
    wanted = std::min(wanted * 2, longest);
  }
  if (bytes_.empty()) return nullptr;
  return Take(bytes_.size(), 0);
}

Result<std::shared_ptr<Chunk>> LineCutter::TakeOversize() {
  std::string head;
  int64_t skipped = 0;
  for (bool ends = false; !ends;) {
    const size_t newline = bytes_.find('\n');
    ends = newline != std::string::npos;
    const size_t take = ends ? newline + 1 : bytes_.size();
    const size_t room = static_cast<size_t>(kRejectRawBytesMax) - head.size();
    head.append(bytes_, 0, std::min(take, room));
    skipped += static_cast<int64_t>(take);
    bytes_.erase(0, take);
    if (ends || (at_end_ && bytes_.empty())) break;
    ARROW_RETURN_NOT_OK(Fill(static_cast<size_t>(record_bytes_max_)));
  }
  bytes_.insert(0, head);
  return Take(head.size(), skipped);
}

}  // namespace millrace::io
