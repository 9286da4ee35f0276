// From a secret's reference to its value, at the moment of use: ${env:NAME}, ${file:path} and
// ${vault:path#field}. Whatever comes out of here, Redact masks from then on.
//
// Thread-safety: any thread.
// Errors: those of ResolveSecret and of the Vault.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/status.h"
#include "pipeline/secrets/vault_config.h"

namespace millrace::io::http {
class Clock;
class Transport;
}  // namespace millrace::io::http

namespace millrace::pipeline {

class Vault;

class SecretResolver : public std::enable_shared_from_this<SecretResolver> {
 public:
  struct Options {
    std::string base_dir;              // anchors ${file:...}
    std::optional<VaultConfig> vault;  // none: ${vault:...} is an error
    const std::atomic<bool>* cancelled = nullptr;
    // Null: the real ones, made with the first ${vault:...} that is resolved.
    std::shared_ptr<io::http::Transport> transport = {};
    std::shared_ptr<io::http::Clock> clock = {};
  };
  static std::shared_ptr<SecretResolver> Make(Options options);
  ~SecretResolver();

  Result<std::string> Resolve(const std::string& reference);
  /// Resolves the reference each time it is called; keeps this object alive.
  std::function<Result<std::string>()> Later(const std::string& reference);

 private:
  explicit SecretResolver(Options options);
  Result<Vault*> OpenVault();

  const Options options_;
  std::mutex mutex_;
  std::unique_ptr<Vault> vault_;
};

}  // namespace millrace::pipeline
