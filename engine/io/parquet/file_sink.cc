#include "io/parquet/file_sink.h"

namespace millrace::io {
namespace {
constexpr size_t kBlockBytes = 256 << 10;
}

Status FileSink::Write(const void* data, int64_t bytes) {
  position_ += bytes;
  if (static_cast<size_t>(bytes) >= kBlockBytes) {  // a column chunk: no need to copy it
    ARROW_RETURN_NOT_OK(FlushBlock());
    return Put({static_cast<const char*>(data), static_cast<size_t>(bytes)});
  }
  block_.append(static_cast<const char*>(data), static_cast<size_t>(bytes));
  return block_.size() >= kBlockBytes ? FlushBlock() : Status::OK();
}

Status FileSink::FlushBlock() {
  if (block_.empty()) return Status::OK();
  Status status = Put(block_);
  block_.clear();
  return status;
}

Status FileSink::Put(std::string_view bytes) {
  if (hashes_) hash_.Update(bytes);
  return file_->Write(bytes);
}

Status FileSink::Close() {
  if (closed_) return Status::OK();
  closed_ = true;
  Status status = FlushBlock();
  block_ = std::string();
  return status;
}

}  // namespace millrace::io
