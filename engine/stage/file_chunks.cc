#include "stage/file_chunks.h"

#include <algorithm>
#include <utility>

namespace millrace::stage {
namespace {

// Before the first chunk is parsed: how much memory a byte of text is taken to need, and a chunk
// without bytes (Parquet).
constexpr int64_t kCostPerTextByte = 5;
constexpr int64_t kCostOfTypedChunk = 8 << 20;
constexpr int64_t kCostPerTypedByte = 2;  // as decoded and as cast

}  // namespace

FileChunks::FileChunks(io::RecordReader& reader, const contract::Binding& binding,
                       const ChunkWork& work, const Split& split, TaskPool& pool,
                       FileChunkLimits limits)
    : reader_(reader),
      binding_(binding),
      work_(work),
      split_(split),
      limits_(std::move(limits)),
      tasks_(pool) {}

Result<std::optional<ParsedChunk>> FileChunks::Next() {
  for (;;) {
    if (limits_.stopped()) return Status::Cancelled("cancelled; running again resumes");
    const bool fits = tasks_.cost() + NextCost() <= limits_.in_flight_bytes;
    if (!at_end_ && (tasks_.empty() || fits)) {
      ARROW_RETURN_NOT_OK(CutChunk());
      continue;
    }
    if (tasks_.empty()) break;
    ARROW_ASSIGN_OR_RAISE(ParsedChunk parsed, tasks_.Take());
    if (next_offset_ < 0)
      last_cost_ = std::max(parsed.bytes * kCostPerTypedByte, int64_t{64} << 10);  // as measured
    return std::optional<ParsedChunk>(std::move(parsed));
  }
  ARROW_RETURN_NOT_OK(cut_error_);  // an error in what came before it would have come first
  return std::nullopt;
}

int64_t FileChunks::NextCost() const { return last_cost_ > 0 ? last_cost_ : kCostOfTypedChunk; }

Status FileChunks::CutChunk() {
  Result<std::shared_ptr<io::Chunk>> next = reader_.Next();
  if (!next.ok() || *next == nullptr) {
    at_end_ = true;
    cut_error_ = next.status();
    return Status::OK();
  }
  if (limits_.on_cut) limits_.on_cut();
  const std::shared_ptr<io::Chunk> chunk = *next;
  ARROW_RETURN_NOT_OK(CheckContinues(*chunk));
  if (split_.row_group_begin >= 0) {
    if (chunk->row_group < split_.row_group_begin) return Status::OK();
    if (chunk->row_group >= split_.row_group_end) {
      at_end_ = true;
      return Status::OK();
    }
  }
  last_cost_ = chunk->bytes ? chunk->bytes_size() * kCostPerTextByte : NextCost();
  tasks_.Add(last_cost_, [this, chunk] { return ParseChunk(reader_, binding_, *chunk, work_); });
  return Status::OK();
}

// Chunks of text must follow each other without a gap: every byte of the file is accounted for.
Status FileChunks::CheckContinues(const io::Chunk& chunk) {
  if (!chunk.bytes) return Status::OK();
  const int64_t expected = next_offset_ < 0 ? reader_.header_bytes() : next_offset_;
  next_offset_ = chunk.byte_offset + chunk.bytes_size();
  if (chunk.byte_offset == expected) return Status::OK();
  return MakeError(ErrorCode::kRowEquation,
                   "a chunk begins at byte " + std::to_string(chunk.byte_offset) +
                       ", the one before it ended at " + std::to_string(expected));
}

}  // namespace millrace::stage
