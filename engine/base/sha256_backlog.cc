#define OPENSSL_SUPPRESS_DEPRECATED  // the context's words are needed, which EVP hides
#include "base/sha256_backlog.h"

#include <algorithm>
#include <utility>

#include "base/sha256_pair.h"
#include "base/status.h"

namespace millrace {
namespace {

constexpr size_t kBlockBytes = 64;
constexpr size_t kBytesWaitingMax = 8 << 20;
// How much is hashed before the backlog is asked again, and for how long a claim lasts at most.
constexpr size_t kStepBytes = 512 << 10;

void HashAlone(Sha256Stream* stream, const uint8_t* data, size_t bytes) {
  MILLRACE_CHECK(SHA256_Update(&stream->context, data, bytes) == 1);
}

// What `stream` needs of `bytes` to begin with a whole block.
size_t BytesToBlock(const Sha256Stream& stream, size_t bytes) {
  const size_t begun = stream.context.num;
  return begun == 0 ? 0 : std::min(bytes, kBlockBytes - begun);
}

void AddLength(Sha256Stream* stream, size_t bytes) {
  SHA256_CTX& context = stream->context;
  const uint64_t bits = ((static_cast<uint64_t>(context.Nh) << 32) | context.Nl) +
                        (static_cast<uint64_t>(bytes) << 3);
  context.Nl = static_cast<SHA_LONG>(bits);
  context.Nh = static_cast<SHA_LONG>(bits >> 32);
}

// Hashes the same number of blocks of both; the number of bytes.
size_t HashPair(Sha256Stream* one, const uint8_t* one_data, size_t one_bytes, Sha256Stream* other,
                const uint8_t* other_data, size_t other_bytes) {
  const size_t blocks = std::min({one_bytes, other_bytes, kStepBytes}) / kBlockBytes;
  PairSha256(one->context.h, one_data, other->context.h, other_data, blocks);
  AddLength(one, blocks * kBlockBytes);
  AddLength(other, blocks * kBlockBytes);
  return blocks * kBlockBytes;
}

// Hashes from the first piece of `other` beside `data`; how many bytes of `data` that took.
size_t HashBeside(Sha256Stream* stream, const uint8_t* data, size_t bytes, Sha256Stream* other) {
  const Sha256Stream::Piece& piece = other->waiting.front();
  size_t other_done = BytesToBlock(*other, piece.bytes);
  HashAlone(other, piece.data, other_done);
  const size_t paired =
      HashPair(stream, data, bytes, other, piece.data + other_done, piece.bytes - other_done);
  other_done += paired;
  if (piece.bytes - other_done < kBlockBytes) {
    HashAlone(other, piece.data + other_done, piece.bytes - other_done);
    other_done = piece.bytes;
  }
  Sha256Backlog::OfProcess().GiveBack(other, other_done);
  return paired;
}

}  // namespace

void HashWithBacklog(Sha256Stream* stream, const uint8_t* data, size_t bytes) {
  size_t done = BytesToBlock(*stream, bytes);
  HashAlone(stream, data, done);
  while (bytes - done >= kBlockBytes) {
    Sha256Stream* other = Sha256Backlog::OfProcess().Claim();
    if (other != nullptr) {
      done += HashBeside(stream, data + done, bytes - done, other);
    } else {
      const size_t step = std::min(bytes - done, kStepBytes);
      HashAlone(stream, data + done, step);
      done += step;
    }
  }
  HashAlone(stream, data + done, bytes - done);
}

Sha256Backlog& Sha256Backlog::OfProcess() {
  static Sha256Backlog backlog;
  return backlog;
}

bool Sha256Backlog::Leave(Sha256Stream* stream, Sha256Stream::Piece piece) {
  std::lock_guard lock(mutex_);
  if (bytes_waiting_ + piece.bytes > kBytesWaitingMax) return false;
  bytes_waiting_ += piece.bytes;
  stream->waiting.push_back(std::move(piece));
  if (stream->waiting.size() == 1 && !stream->claimed) {
    streams_.push_back(stream);
    stream_count_ = streams_.size();
  }
  return true;
}

Sha256Stream* Sha256Backlog::Claim() {
  if (stream_count_ == 0) return nullptr;
  std::lock_guard lock(mutex_);
  if (streams_.empty()) return nullptr;
  Sha256Stream* stream = streams_.front();
  Remove(stream);
  stream->claimed = true;
  return stream;
}

void Sha256Backlog::GiveBack(Sha256Stream* stream, size_t bytes) {
  std::shared_ptr<const void> done;  // let go of without the lock
  {
    std::lock_guard lock(mutex_);
    Sha256Stream::Piece& piece = stream->waiting.front();
    piece.data += bytes;
    piece.bytes -= bytes;
    bytes_waiting_ -= bytes;
    if (piece.bytes == 0) {
      done = std::move(piece.keep);
      stream->waiting.pop_front();
    }
    stream->claimed = false;
    if (!stream->waiting.empty()) {
      streams_.push_front(stream);
      stream_count_ = streams_.size();
    }
  }
  given_back_.notify_all();
}

std::deque<Sha256Stream::Piece> Sha256Backlog::TakeBack(Sha256Stream* stream) {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [&] { return !stream->claimed; });
  Remove(stream);
  for (const auto& piece : stream->waiting) bytes_waiting_ -= piece.bytes;
  return std::exchange(stream->waiting, {});
}

void Sha256Backlog::Remove(Sha256Stream* stream) {
  streams_.erase(std::remove(streams_.begin(), streams_.end(), stream), streams_.end());
  stream_count_ = streams_.size();
}

}  // namespace millrace
