#include "base/hmac.h"

#include "base/sha256.h"

namespace millrace {
namespace {

constexpr size_t kBlockBytes = 64;

std::string BytesOf(const std::string& hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return bytes;
}

std::string Padded(const std::string& key, char with) {
  std::string block = key;
  block.resize(kBlockBytes, '\0');
  for (char& c : block) c = static_cast<char>(c ^ with);
  return block;
}

}  // namespace

std::string HmacSha256Hex(std::string_view key, std::string_view text) {
  const std::string block = key.size() > kBlockBytes ? BytesOf(Sha256Hex(key)) : std::string(key);
  Sha256 inner, outer;
  inner.Update(Padded(block, 0x36));
  inner.Update(text);
  outer.Update(Padded(block, 0x5c));
  outer.Update(BytesOf(inner.FinishHex()));
  return outer.FinishHex();
}

}  // namespace millrace
