#include "stage/reject_privacy.h"

#include "base/sha256.h"

namespace millrace::stage {
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

std::string HmacSha256Hex(const std::string& secret, const std::string& text) {
  const std::string key = secret.size() > kBlockBytes ? BytesOf(Sha256Hex(secret)) : secret;
  Sha256 inner, outer;
  inner.Update(Padded(key, 0x36));
  inner.Update(text);
  outer.Update(Padded(key, 0x5c));
  outer.Update(BytesOf(inner.FinishHex()));
  return outer.FinishHex();
}

}  // namespace

std::string KeyedHash(const std::string& key, const std::string& text) {
  return "hmac-sha256:" + HmacSha256Hex(key, text);
}

std::string PrivacyIdentity(const RejectPrivacy& privacy) {
  switch (privacy.sensitive) {
    case SensitiveRejects::kKeep:
      return "";
    case SensitiveRejects::kHash:
      return "hash " + KeyedHash(privacy.hash_key, "millrace reject key");
    case SensitiveRejects::kDrop:
      return "drop";
  }
  return "";
}

Reject CoverSensitive(const RejectPrivacy& privacy, const Reject& reject,
                      const std::string& sensitive_value) {
  if (privacy.sensitive == SensitiveRejects::kKeep) return reject;
  const bool hash = privacy.sensitive == SensitiveRejects::kHash;
  const auto covered = [&](const std::string& text) {
    return text.empty() || !hash ? "" : KeyedHash(privacy.hash_key, text);
  };
  Reject stored = reject;
  stored.raw = covered(reject.raw);
  if (reject.column.empty()) {
    stored.value = covered(reject.value);
  } else if (!sensitive_value.empty()) {
    stored.value = covered(sensitive_value);
  }
  return stored;
}

}  // namespace millrace::stage
