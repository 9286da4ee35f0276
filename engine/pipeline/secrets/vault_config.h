// The `vault` block of a config: where secrets are kept and who asks for them.
#pragma once

#include <string>

#include "base/diagnostic.h"

namespace millrace::pipeline {

struct VaultConfig {
  enum class Auth { kToken, kAppRole };

  std::string address;     // https://host:8200
  std::string namespace_;  // may be empty
  std::string mount;       // of the KV engine, version 2
  std::string ca_file;     // absolute; empty: the system's
  Auth auth = Auth::kToken;
  std::string token;               // a reference
  std::string role_id, secret_id;  // references
  std::string approle_mount;
  SourceSpan span;
};

}  // namespace millrace::pipeline
