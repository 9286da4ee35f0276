#include "stage/spill.h"

#include <arrow/io/interfaces.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace millrace::stage {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

}  // namespace

SpillFile::~SpillFile() {
  if (!removes_) return;
  const Status removed = store_.Remove(key_);
  (void)removed.ok();  // what stays is cleared by the next run
}

Status SpillWriter::Write(const void* data, size_t bytes) {
  return file_->Write(std::string_view(static_cast<const char*>(data), bytes));
}

Result<std::shared_ptr<SpillFile>> SpillWriter::Finish() {
  ARROW_RETURN_NOT_OK(file_->CommitForNow(key_));
  return std::make_shared<SpillFile>(store_, key_);
}

Result<std::unique_ptr<SpillReader>> SpillReader::Open(std::shared_ptr<SpillFile> file,
                                                       int64_t begin, int64_t bytes) {
  auto reader = std::unique_ptr<SpillReader>(new SpillReader);
  ARROW_ASSIGN_OR_RAISE(reader->input_, file->store().OpenForRead(file->key()));
  reader->file_ = std::move(file);
  reader->next_ = begin;
  reader->left_ = bytes;
  reader->buffer_.resize(kBufferBytes);
  return reader;
}

Result<bool> SpillReader::Read(void* value, size_t bytes) {
  auto* out = static_cast<char*>(value);
  for (size_t done = 0; done < bytes;) {
    if (begin_ == end_) {
      const int64_t wanted = std::min(left_, static_cast<int64_t>(buffer_.size()));
      ARROW_ASSIGN_OR_RAISE(const int64_t got, input_->ReadAt(next_, wanted, buffer_.data()));
      next_ += got;
      left_ -= got;
      if (got == 0 && done == 0) return false;
      if (got == 0)
        return MakeError(ErrorCode::kWorkspaceDamaged, file_->key() + " ends too early");
      begin_ = 0;
      end_ = static_cast<size_t>(got);
    }
    const size_t part = std::min(bytes - done, end_ - begin_);
    std::memcpy(out + done, buffer_.data() + begin_, part);
    begin_ += part;
    done += part;
  }
  return true;
}

Status SpillFolder::Clear() {
  ARROW_ASSIGN_OR_RAISE(const auto files, store_.List(folder_));
  for (const io::FileInfo& file : files) ARROW_RETURN_NOT_OK(store_.Remove(file.key));
  return Status::OK();
}

Result<std::unique_ptr<SpillWriter>> SpillFolder::Create() {
  static std::atomic<uint64_t> counter{0};
  std::string key =
      folder_ + '/' + std::to_string(::getpid()) + '-' + std::to_string(counter.fetch_add(1));
  ARROW_ASSIGN_OR_RAISE(auto file, store_.Create(key));
  return std::make_unique<SpillWriter>(store_, std::move(key), std::move(file));
}

}  // namespace millrace::stage
