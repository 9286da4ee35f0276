#include "io/object/range_file.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <utility>

namespace millrace::io {
namespace {

class RangeFile : public arrow::io::RandomAccessFile {
 public:
  RangeFile(FetchRange fetch, int64_t bytes, RangeFileOptions options)
      : fetch_(std::move(fetch)), bytes_(bytes), options_(options) {}
  ~RangeFile() override { Forget(); }

  Status Close() override {
    Forget();
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<int64_t> GetSize() override { return bytes_; }
  Result<int64_t> Tell() const override { return position_; }
  Status Seek(int64_t position) override {
    if (position < 0) return MakeError(ErrorCode::kBug, "a seek before the beginning");
    position_ = position;
    return Status::OK();
  }

  Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, bytes, out));
    position_ += got;
    return got;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, bytes));
    position_ += buffer->size();
    return buffer;
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    bytes = std::clamp<int64_t>(bytes_ - position, 0, std::max<int64_t>(bytes, 0));
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::ResizableBuffer> buffer,
                          arrow::AllocateResizableBuffer(bytes));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, bytes, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

  Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    if (position < 0 || bytes < 0) return MakeError(ErrorCode::kBug, "a read before the beginning");
    bytes = std::clamp<int64_t>(bytes_ - position, 0, bytes);
    auto* to = static_cast<char*>(out);
    if (bytes > 0 && IsGlance(position, bytes)) {
      ARROW_ASSIGN_OR_RAISE(const std::string text, FetchAll(fetch_, position, bytes));
      std::memcpy(to, text.data(), text.size());
      return bytes;
    }
    for (int64_t done = 0; done < bytes;) {
      const int64_t block = (position + done) / options_.block_bytes;
      const int64_t last = (position + bytes - 1) / options_.block_bytes;
      const Block fetched = Fetched(block, last).get();
      ARROW_RETURN_NOT_OK(fetched.status());
      const std::string& text = **fetched;
      const int64_t inside = position + done - block * options_.block_bytes;
      const int64_t take = std::min(bytes - done, static_cast<int64_t>(text.size()) - inside);
      std::memcpy(to + done, text.data() + inside, static_cast<size_t>(take));
      done += take;
    }
    return bytes;
  }

 private:
  using Block = Result<std::shared_ptr<const std::string>>;
  using Pending = std::shared_future<Block>;

  static Result<std::string> FetchAll(const FetchRange& fetch, int64_t offset, int64_t bytes) {
    ARROW_ASSIGN_OR_RAISE(std::string text, fetch(offset, bytes));
    if (static_cast<int64_t>(text.size()) == bytes) return text;
    return MakeError(ErrorCode::kIoFailed, "a range came back with another length");
  }

  bool IsGlance(int64_t position, int64_t bytes) {
    if (bytes > std::min(options_.glance_bytes_max, options_.block_bytes - 1)) return false;
    std::lock_guard<std::mutex> lock(mutex_);
    const int64_t first = position / options_.block_bytes;
    const int64_t last = (position + bytes - 1) / options_.block_bytes;
    const bool on_the_way = first == last_block_ || first == last_block_ + 1;
    if (on_the_way || blocks_.count(first) > 0 || blocks_.count(last) > 0) return false;
    if (glances_ == options_.glances_max) return false;
    ++glances_;
    return true;
  }

  /// The block, under way or there; with it those that will be asked for next.
  Pending Fetched(int64_t block, int64_t last_wanted) {
    std::map<int64_t, Pending> let_go;  // waits for threads under way: not with the lock held
    Pending wanted;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (block == 0) {
        ahead_ = 0;  // most who look at the beginning want no more
      } else if (block == last_block_ + 1) {
        ahead_ = std::min(options_.blocks_ahead, std::max(1, ahead_ * 2));
      } else if (block != last_block_) {
        ahead_ = 0;
      }
      last_block_ = block;
      const int64_t end = (bytes_ + options_.block_bytes - 1) / options_.block_bytes;
      const int64_t until =
          std::min({end - 1, block + options_.blocks_ahead, std::max(last_wanted, block + ahead_)});
      for (auto it = blocks_.begin(); it != blocks_.end();) {
        if (it->first >= block && it->first <= until) {
          ++it;
        } else {
          let_go.insert(blocks_.extract(it++));
        }
      }
      for (int64_t i = block; i <= until; ++i) {
        if (blocks_.count(i) == 0) blocks_.emplace(i, Start(i));
      }
      wanted = blocks_.at(block);
    }
    return wanted;
  }

  Pending Start(int64_t block) {
    const int64_t offset = block * options_.block_bytes;
    const int64_t bytes = std::min(options_.block_bytes, bytes_ - offset);
    return std::async(std::launch::async,
                      [fetch = &fetch_, offset, bytes]() -> Block {
                        ARROW_ASSIGN_OR_RAISE(std::string text, FetchAll(*fetch, offset, bytes));
                        return std::make_shared<const std::string>(std::move(text));
                      })
        .share();
  }

  void Forget() {
    std::map<int64_t, Pending> let_go;
    std::lock_guard<std::mutex> lock(mutex_);
    let_go.swap(blocks_);
    for (auto& [block, pending] : let_go) pending.wait();
  }

  const FetchRange fetch_;
  const int64_t bytes_;
  const RangeFileOptions options_;
  int64_t position_ = 0;
  bool closed_ = false;
  std::mutex mutex_;
  std::map<int64_t, Pending> blocks_;
  int64_t last_block_ = -1;  // a reader that begins with block 0 is taken for a sequential one
  int ahead_ = 0;
  int glances_ = 0;
};

}  // namespace

std::shared_ptr<arrow::io::RandomAccessFile> MakeRangeFile(FetchRange fetch, int64_t bytes,
                                                           RangeFileOptions options) {
  return std::make_shared<RangeFile>(std::move(fetch), bytes, options);
}

}  // namespace millrace::io
