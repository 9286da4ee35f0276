// The `auth` block of what is reached by HTTP: its fields, and the value they become. Secrets stay
// references; secrets/http_auth.h puts them to use.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/config_value.h"
#include "pipeline/config/fields.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

struct AuthConfig {
  enum class Kind { kNone, kBearer, kApiKeyHeader, kApiKeyQuery, kBasic, kOAuth2 };
  Kind kind = Kind::kNone;
  std::string name;                         // of the header or parameter that takes the key
  std::string token, key, user, password;   // references; an empty password is none
  std::string token_url, client_id, scope;  // of OAuth 2.0
  std::string client_secret;                // a reference
  std::vector<std::pair<std::string, std::string>> token_fields;
  bool client_in_header = false;
};

/// `auth`, to stand among the fields of an object.
Field AuthField();
/// From the value of an object that has the field; kNone where it is not written.
AuthConfig BuildAuth(const ConfigValue& owner, ConfigProblems* problems);

}  // namespace millrace::pipeline
