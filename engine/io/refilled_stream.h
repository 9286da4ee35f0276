// What streams over another one have in common: they hand out bytes that they made of the other's.
// Thread-safety: as ByteStream.
#pragma once

#include <memory>
#include <string>

#include "io/byte_stream.h"

namespace millrace::io {

class RefilledStream : public ByteStream {
 public:
  explicit RefilledStream(std::unique_ptr<ByteStream> inner) : inner_(std::move(inner)) {}

  Result<int64_t> Read(int64_t bytes, uint8_t* out) final;
  Compression compression() const final { return inner_->compression(); }
  int64_t raw_bytes_read() const final { return inner_->raw_bytes_read(); }
  Result<std::string> ContentSha256() final { return inner_->ContentSha256(); }

 protected:
  /// Called when everything ready was handed out: puts more into ready_ (and at_ to where it
  /// begins), or sets finished_. It is not called again after an error, which stays.
  virtual Status Refill() = 0;
  /// Where in ready_ the bytes end that may be handed out.
  virtual size_t ReadyEnd() const { return ready_.size(); }

  /// Appends the inner stream's next bytes to `block`; sets finished_ at its end.
  Status AppendBlock(std::string* block);

  std::string ready_;
  size_t at_ = 0;  // of the next byte in ready_
  bool finished_ = false;

 private:
  std::unique_ptr<ByteStream> inner_;
  Status failure_;
};

}  // namespace millrace::io
