// Bytes that wait to be hashed until a thread hashes another stream: two streams side by side take
// hardly longer than one (sha256_pair.h). Belongs to sha256.cc; everyone else sees Sha256.
// Thread-safety: as each function says.
#pragma once

#include <openssl/sha.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

namespace millrace {

/// A stream being hashed. Its context belongs to whoever has claimed it, else to its owner.
struct Sha256Stream {
  struct Piece {
    std::shared_ptr<const void> keep;  // whoever owns the bytes
    const uint8_t* data;
    size_t bytes;
  };
  SHA256_CTX context;
  std::deque<Piece> waiting;  // guarded by the backlog, as is what follows
  bool claimed = false;
  bool deferred = false;  // the owner's own note: something was left to the backlog
};

/// Hashes `bytes` into `stream`, and what waits of others beside it. REQUIRES: nobody else has
/// `stream`, by claim or by ownership.
void HashWithBacklog(Sha256Stream* stream, const uint8_t* data, size_t bytes);

/// The streams of this process that have something waiting. All functions may be called from any
/// thread.
class Sha256Backlog {
 public:
  static Sha256Backlog& OfProcess();

  /// Leaves a piece to be hashed by others; false when as much waits as may.
  bool Leave(Sha256Stream* stream, Sha256Stream::Piece piece);
  /// A stream with something waiting, now the caller's alone; null when there is none.
  Sha256Stream* Claim();
  /// Gives a stream back that Claim gave, its first piece advanced by `bytes`.
  void GiveBack(Sha256Stream* stream, size_t bytes);
  /// Takes a stream out for its owner, waiting for whoever works on it: nobody else will see it.
  std::deque<Sha256Stream::Piece> TakeBack(Sha256Stream* stream);

 private:
  void Remove(Sha256Stream* stream);

  std::mutex mutex_;
  std::condition_variable given_back_;
  std::deque<Sha256Stream*> streams_;    // with something waiting, not claimed
  std::atomic<size_t> stream_count_{0};  // of streams_, to be asked without the lock
  size_t bytes_waiting_ = 0;
};

}  // namespace millrace
