#include "stage/reject_privacy.h"

#include "base/hmac.h"

namespace millrace::stage {

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
