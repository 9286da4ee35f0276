#include "io/text/marked_records.h"

#include <algorithm>

namespace millrace::io {
namespace {

constexpr int64_t kBlockBytes = 64 << 10;

}  // namespace

void MarkedRecords::BeginRecord(int64_t offset) {
  MILLRACE_CHECK(!in_record_ && offset >= passed_);
  in_record_ = true;
  record_begin_ = passed_ = offset;
}

void MarkedRecords::EndRecord(int64_t offset) {
  MILLRACE_CHECK(in_record_ && offset > record_begin_);
  in_record_ = false;
  ends_.emplace_back(record_begin_, offset);
  passed_ = offset;
}

Result<std::shared_ptr<RecordsChunk>> MarkedRecords::Next() {
  while (true) {
    const int64_t whole = ends_.empty() ? begin_ : ends_.back().second;
    const bool too_long = in_record_ && read_ - record_begin_ > options_.record_bytes_max;
    const bool enough = whole - begin_ >= options_.chunk_bytes || at_end_ || too_long || skipping_;
    if (whole > begin_ && enough) return Take(skipping_ ? ends_.front().second : whole);
    if (!error_.ok()) return error_;
    if (at_end_) break;
    if (too_long && record_begin_ > begin_) return Take(record_begin_);
    if (!in_record_ && passed_ - begin_ > options_.record_bytes_max) return Take(passed_);
    skipping_ = too_long;
    error_ = Feed();
    at_end_ = at_end_ || !error_.ok();
  }
  if (read_ > begin_) return Take(read_);
  return nullptr;
}

Status MarkedRecords::Feed() {
  // Of a record that is too long only the head is kept, and the block in which it ends.
  if (skipping_) bytes_.resize(std::min(bytes_.size(), size_t{kRejectRawBytesMax}));
  std::string block(static_cast<size_t>(kBlockBytes), '\0');
  ARROW_ASSIGN_OR_RAISE(const int64_t got,
                        stream_->Read(kBlockBytes, reinterpret_cast<uint8_t*>(block.data())));
  block.resize(static_cast<size_t>(got));
  bytes_ += block;
  read_ += got;
  at_end_ = got == 0;
  if (read_ == 0) return Status::OK();
  ARROW_RETURN_NOT_OK(Scan(block, at_end_));
  if (read_ - passed_ <= options_.record_bytes_max + kBlockBytes) return Status::OK();
  return MakeError(ErrorCode::kCorruptFile,
                   "from byte " + std::to_string(passed_) + " on there are more than " +
                       std::to_string(options_.record_bytes_max) + " bytes without any structure",
                   "`record_bytes_max` is the most that is looked at");
}

std::shared_ptr<RecordsChunk> MarkedRecords::Take(int64_t end) {
  auto chunk = std::make_shared<RecordsChunk>();
  chunk->index = index_++;
  chunk->byte_offset = begin_;
  const auto held = static_cast<size_t>(
      std::min(end - begin_, static_cast<int64_t>(bytes_.size()) - read_ + end));
  if (skipping_) chunk->oversize_bytes = end - begin_;
  const size_t kept = skipping_ ? std::min(held, size_t{kRejectRawBytesMax}) : held;
  chunk->bytes = arrow::Buffer::FromString(bytes_.substr(0, kept));
  bytes_.erase(0, held);
  for (; !ends_.empty() && ends_.front().second <= end; ends_.pop_front()) {
    if (skipping_) continue;
    const auto [from, to] = ends_.front();
    chunk->records.push_back(
        {static_cast<uint32_t>(from - begin_), static_cast<uint32_t>(to - from)});
  }
  begin_ = end;
  skipping_ = false;
  return chunk;
}

}  // namespace millrace::io
