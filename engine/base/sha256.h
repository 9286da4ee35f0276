// SHA-256, streamed. Uses the CPU's SHA instructions where it has them (about 1.7 GB/s).
// Thread-safety: one Sha256 per thread; copies are independent.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(const void* data, size_t bytes);
  void Update(std::string_view text) { Update(text.data(), text.size()); }
  /// Adds a length before the text, so that ("ab","c") and ("a","bc") differ.
  void UpdateField(std::string_view text);
  /// 64 lower-case hex digits. The object may not be used afterwards.
  std::string FinishHex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view data);

}  // namespace millrace
