#include "pipeline/trace/source_record.h"

#include <algorithm>

namespace millrace::pipeline {
namespace {

void SetBytes(const io::Chunk& chunk, int64_t offset, int64_t length, size_t bytes_max,
              SourceRecord* record) {
  record->byte_offset = chunk.byte_offset + offset;
  record->byte_length = length;
  if (chunk.bytes == nullptr || offset < 0 || offset > chunk.bytes->size()) return;
  const int64_t there = std::min(length, chunk.bytes->size() - offset);
  const std::string_view bytes(*chunk.bytes);
  record->bytes =
      bytes.substr(static_cast<size_t>(offset), std::min(static_cast<size_t>(there), bytes_max));
}

// Record `index` of a chunk: a row, or what was rejected while parsing.
SourceRecord RecordIn(const io::Chunk& chunk, const io::RawBatch& batch, int64_t index,
                      size_t bytes_max) {
  SourceRecord record;
  if (chunk.row_group >= 0) {
    record.row_group = chunk.row_group;
    record.row = chunk.first_row + index;
    return record;
  }
  for (const Reject& reject : batch.rejects) {
    if (reject.record != index || reject.byte_offset < 0) continue;
    SetBytes(chunk, reject.byte_offset - chunk.byte_offset, reject.byte_length, bytes_max, &record);
    return record;
  }
  for (size_t row = 0; row < batch.extents.size(); ++row) {
    if (batch.RecordOfRow(static_cast<int64_t>(row)) != index) continue;
    const io::RecordExtent& extent = batch.extents[row];
    SetBytes(chunk, extent.offset, extent.length, bytes_max, &record);
    return record;
  }
  return record;
}

}  // namespace

Result<std::optional<SourceRecord>> FindSourceRecord(const source::FileSource& files,
                                                     const io::Projection& projection,
                                                     const std::string& path, int64_t ordinal,
                                                     size_t bytes_max) {
  std::optional<SourceRecord> found;
  const auto file = std::find_if(files.files.begin(), files.files.end(),
                                 [&](const io::FileInfo& one) { return one.key == path; });
  if (file == files.files.end() || file->bytes == 0) return found;
  ARROW_ASSIGN_OR_RAISE(const source::OpenedFile opened,
                        source::OpenFile(files, *file, projection));
  for (int64_t first = 0;;) {
    ARROW_ASSIGN_OR_RAISE(const auto chunk, opened.reader->Next());
    if (chunk == nullptr) break;
    if (found) continue;  // the hash wants all of the file
    ARROW_ASSIGN_OR_RAISE(const io::RawBatch batch, opened.reader->Parse(*chunk));
    if (ordinal < first + batch.records) {
      found = RecordIn(*chunk, batch, ordinal - first, bytes_max);
    }
    first += batch.records;
  }
  if (found) {
    ARROW_ASSIGN_OR_RAISE(found->file_sha256, opened.content_sha256());
  }
  return found;
}

}  // namespace millrace::pipeline
