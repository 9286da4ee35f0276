#include "pipeline/file_sample.h"

#include <arrow/api.h>

namespace millrace::pipeline {

Result<FileSample> SampleFile(const source::FileSource& source, const io::FileInfo& file,
                              int64_t bytes_max) {
  FileSample sample;
  sample.schema = arrow::schema({});
  if (file.bytes == 0) {
    sample.whole = true;
    return sample;
  }
  io::Projection all;
  all.all = true;
  ARROW_ASSIGN_OR_RAISE(const source::OpenedFile opened, source::OpenFile(source, file, all));
  sample.schema = opened.reader->file_schema();
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<io::Chunk> chunk, opened.reader->Next());
    if (chunk == nullptr) {
      sample.whole = true;
      break;
    }
    ARROW_ASSIGN_OR_RAISE(const io::RawBatch batch, opened.reader->Parse(*chunk));
    sample.records += batch.records;
    sample.rejects += static_cast<int64_t>(batch.rejects.size());
    sample.bytes += batch.bytes_accounted;
    if (batch.columns != nullptr) sample.batches.push_back(batch.columns);
    if (chunk->bytes == nullptr || sample.bytes >= bytes_max) break;
  }
  sample.read_as = opened.reader->read_as();
  sample.raw_bytes = opened.raw_bytes_read();
  return sample;
}

}  // namespace millrace::pipeline
