// HashiCorp Vault, as far as a pipeline needs it: fields of secrets in a KV engine of version 2,
// by token or AppRole.
//
// Thread-safety: any thread; one asks while the others wait.
// Errors: UnresolvedReference for what is not there or not allowed, IoFailed while Vault is sealed
// or cannot be reached. No message holds a value.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "pipeline/secrets/vault_config.h"

namespace millrace::io::http {
class Client;
struct Response;
}  // namespace millrace::io::http

namespace millrace::pipeline {

class Vault {
 public:
  /// `resolve` gives the values of the references in the config. `client` has no auth and no home,
  /// and its rules make a success of every answer that is not to be retried.
  Vault(VaultConfig config, std::shared_ptr<io::http::Client> client,
        std::function<Result<std::string>(const std::string&)> resolve);

  /// The field of the newest version of the secret at `path`. Each path is asked for once in a
  /// run, so that all of its fields, and all who use them, see the same version.
  Result<std::string> Read(const std::string& path, const std::string& field);

 private:
  using Fields = std::map<std::string, std::string>;

  Result<Fields> Fetch(const std::string& path);
  Result<io::http::Response> Ask(const std::string& path);
  /// Sets token_, by a login where one is needed.
  Status Authenticate();

  const VaultConfig config_;
  std::shared_ptr<io::http::Client> client_;
  std::function<Result<std::string>(const std::string&)> resolve_;
  std::mutex mutex_;
  std::string token_;
  std::map<std::string, Fields> read_;  // by path
};

}  // namespace millrace::pipeline
