#include "io/refilled_stream.h"

#include <algorithm>
#include <cstring>

namespace millrace::io {
namespace {

constexpr int64_t kBlockBytes = 256 << 10;

}  // namespace

Result<int64_t> RefilledStream::Read(int64_t bytes, uint8_t* out) {
  int64_t done = 0;
  while (done < bytes) {
    const size_t end = failure_.ok() ? ReadyEnd() : at_;
    if (end <= at_) {
      if (failure_.ok() && finished_) break;
      if (failure_.ok()) failure_ = Refill();
      if (failure_.ok()) continue;
      if (done > 0) break;  // what comes before it is good; it is told with the next read
      return failure_;
    }
    const size_t take = std::min(static_cast<size_t>(bytes - done), end - at_);
    std::memcpy(out + done, ready_.data() + at_, take);
    at_ += take;
    done += static_cast<int64_t>(take);
  }
  return done;
}

Status RefilledStream::AppendBlock(std::string* block) {
  const size_t held = block->size();
  block->resize(held + static_cast<size_t>(kBlockBytes));
  const Result<int64_t> got =
      inner_->Read(kBlockBytes, reinterpret_cast<uint8_t*>(block->data()) + held);
  block->resize(held + static_cast<size_t>(got.ok() ? *got : 0));
  ARROW_RETURN_NOT_OK(got.status());
  finished_ = *got == 0;
  return Status::OK();
}

}  // namespace millrace::io
