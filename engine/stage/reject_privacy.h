// What reject files hold of sensitive columns: `rejects: {sensitive: keep | hash | drop}`.
//
// A raw record holds the values of all its fields, and a value that belongs to no column may be any
// part of it. So in a table with a sensitive column the raw records of all rejects are covered, and
// with them such values and those of sensitive columns themselves.
#pragma once

#include <string>

#include "base/reject.h"

namespace millrace::stage {

enum class SensitiveRejects { kKeep, kHash, kDrop };

struct RejectPrivacy {
  SensitiveRejects sensitive = SensitiveRejects::kKeep;
  std::string hash_key;  // of kHash; a secret
};

/// "hmac-sha256:" and 64 hex digits (RFC 2104): equal texts have equal hashes, and without the key
/// nobody can try texts out.
std::string KeyedHash(const std::string& key, const std::string& text);

/// What identities hash of the setting: whoever changes the key gets other files. "" for kKeep.
std::string PrivacyIdentity(const RejectPrivacy& privacy);

/// The reject as it is stored. `sensitive_value`: what `value` leaves out, "" for nothing.
Reject CoverSensitive(const RejectPrivacy& privacy, const Reject& reject,
                      const std::string& sensitive_value);

}  // namespace millrace::stage
