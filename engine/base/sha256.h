// SHA-256, streamed. Uses the CPU's SHA instructions where it has them (about 1.5 GB/s a core, and
// 2.5 GB/s where two streams are hashed side by side, see UpdateLater).
// Thread-safety: one Sha256 per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {

struct Sha256Stream;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(const void* data, size_t bytes);
  void Update(std::string_view text) { Update(text.data(), text.size()); }
  /// As Update, at some time before the hash is asked for: a thread that hashes another stream may
  /// take these bytes along, which costs it little. At most 8 MiB of a process wait like that.
  /// REQUIRES: `keep` owns the bytes, and nobody changes them.
  void UpdateLater(std::shared_ptr<const void> keep, const void* data, size_t bytes);
  /// Adds a length before the text, so that ("ab","c") and ("a","bc") differ.
  void UpdateField(std::string_view text);
  /// 64 lower-case hex digits. The object may not be used afterwards.
  std::string FinishHex();

 private:
  void CatchUp();

  std::unique_ptr<Sha256Stream> stream_;
};

std::string Sha256Hex(std::string_view data);

}  // namespace millrace
