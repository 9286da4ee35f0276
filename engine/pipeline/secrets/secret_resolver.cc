#include "pipeline/secrets/secret_resolver.h"

#include "base/log.h"
#include "io/http/client.h"
#include "pipeline/config/references.h"
#include "pipeline/secrets/vault.h"

namespace millrace::pipeline {

SecretResolver::SecretResolver(Options options) : options_(std::move(options)) {}
SecretResolver::~SecretResolver() = default;

std::shared_ptr<SecretResolver> SecretResolver::Make(Options options) {
  return std::shared_ptr<SecretResolver>(new SecretResolver(std::move(options)));
}

Result<std::string> SecretResolver::Resolve(const std::string& reference) {
  const std::optional<VaultReference> place = ReadVaultReference(reference);
  if (!place) return ResolveSecret(reference, options_.base_dir);
  ARROW_ASSIGN_OR_RAISE(Vault * vault, OpenVault());
  ARROW_ASSIGN_OR_RAISE(std::string value, vault->Read(place->path, place->field));
  RegisterSecret(value);
  return value;
}

std::function<Result<std::string>()> SecretResolver::Later(const std::string& reference) {
  return [self = shared_from_this(), reference] { return self->Resolve(reference); };
}

Result<Vault*> SecretResolver::OpenVault() {
  if (!options_.vault) {
    return MakeError(ErrorCode::kUnresolvedReference, "the config has no `vault` block",
                     "say where Vault is: vault: {address: ..., auth: ...}");
  }
  std::lock_guard<std::mutex> lock(mutex_);
  if (vault_ != nullptr) return vault_.get();
  std::shared_ptr<io::http::Transport> transport = options_.transport;
  if (transport == nullptr) {
    io::http::TransportOptions how;
    how.ca_file = options_.vault->ca_file;
    how.cancelled = options_.cancelled;
    how.body_bytes_max = 8 << 20;
    // The address is the config's own, and no answer can lead elsewhere.
    how.allow_private_addresses = true;
    how.redirects_max = 0;
    ARROW_ASSIGN_OR_RAISE(transport, io::http::MakeCurlTransport(how));
  }
  std::shared_ptr<io::http::Clock> clock = options_.clock;
  if (clock == nullptr) clock = io::http::MakeSystemClock(options_.cancelled);
  io::http::ClientOptions client;
  client.home = options_.vault->address;
  client.retry.attempts_max = 4;
  client.rules = io::http::RulesThatOnlyRetry();
  const std::string base_dir = options_.base_dir;
  vault_ = std::make_unique<Vault>(
      *options_.vault,
      std::make_shared<io::http::Client>(transport, std::make_shared<io::http::RateLimiter>(clock),
                                         clock, std::move(client)),
      [base_dir](const std::string& reference) { return ResolveSecret(reference, base_dir); });
  return vault_.get();
}

}  // namespace millrace::pipeline
