#include "pipeline/secrets/secret_resolver.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <thread>

#include "base/log.h"
#include "base/testing/temp_folder.h"
#include "io/http/testing/fake_clock.h"
#include "io/http/testing/fake_transport.h"

namespace millrace::pipeline {
namespace {

using io::http::FakeTransport;
using io::http::Request;
using io::http::Response;
using io::http::StatusOnly;

std::string Header(const Request& request, const std::string& name) {
  for (const auto* headers : {&request.headers, &request.credentials}) {
    for (const auto& [own, value] : *headers) {
      if (own == name) return value;
    }
  }
  return "";
}

/// What Vault answers: one secret, one role, and one good token at a time.
struct FakeVault {
  std::string good_token = "hvs.static-token";
  int logins = 0, sealed = 0;

  Response Answer(const Request& request) {
    if (sealed > 0) {
      --sealed;
      return StatusOnly(503, {}, R"({"errors":["Vault is sealed"]})");
    }
    if (request.url == "https://vault:8200/v1/auth/machines/login") {
      if (request.body != R"({"role_id":"role-1","secret_id":"secret-id-1"})") {
        return StatusOnly(400, {}, R"({"errors":["invalid role or secret ID"]})");
      }
      good_token = "hvs.login-" + std::to_string(++logins);
      return StatusOnly(200, {},
                        R"({"auth":{"client_token":")" + good_token +
                            R"(","lease_duration":60,"renewable":true},"data":null})");
    }
    if (Header(request, "X-Vault-Token") != good_token) {
      return StatusOnly(403, {}, R"({"errors":["permission denied"]})");
    }
    if (request.url == "https://vault:8200/v1/kv/team/data/apps/crm%20x") {
      return StatusOnly(200, {},
                        R"({"request_id":"1","lease_id":"","data":{"data":{"api_key":)"
                        R"("vault-value-1","port":8080,"none":null},"metadata":{"version":3}}})");
    }
    if (request.url == "https://vault:8200/v1/kv/team/data/deleted") {
      return StatusOnly(404, {}, R"({"data":{"data":null,"metadata":{"version":1}}})");
    }
    if (request.url == "https://vault:8200/v1/kv/team/data/old") {
      return StatusOnly(200, {}, R"({"data":{"api_key":"version one"}})");
    }
    return StatusOnly(404, {}, R"({"errors":[]})");
  }
};

struct World {
  explicit World(VaultConfig::Auth auth) {
    ::setenv("MILLRACE_TEST_VAULT_TOKEN", "hvs.static-token", 1);
    ::setenv("MILLRACE_TEST_VAULT_ROLE", "role-1", 1);
    ::setenv("MILLRACE_TEST_VAULT_SECRET", "secret-id-1", 1);
    VaultConfig config;
    config.address = "https://vault:8200";
    config.mount = "kv/team";
    config.namespace_ = "ns1";
    config.auth = auth;
    config.token = "${env:MILLRACE_TEST_VAULT_TOKEN}";
    config.role_id = "${env:MILLRACE_TEST_VAULT_ROLE}";
    config.secret_id = "${env:MILLRACE_TEST_VAULT_SECRET}";
    config.approle_mount = "machines";
    SecretResolver::Options options;
    options.vault = config;
    options.transport = transport;
    options.clock = std::make_shared<io::http::FakeClock>();
    resolver = SecretResolver::Make(options);
  }
  Status Failure(const std::string& reference) {
    const Status status = resolver->Resolve(reference).status();
    REQUIRE_FALSE(status.ok());
    return status;
  }
  FakeVault vault;
  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>(
      [this](const Request& request, int) { return Result<Response>(vault.Answer(request)); });
  std::shared_ptr<SecretResolver> resolver;
};

}  // namespace

TEST_CASE("a field of a secret is read by token, once, and masked") {
  World world(VaultConfig::Auth::kToken);
  CHECK(*world.resolver->Resolve("${vault:apps/crm x#api_key}") == "vault-value-1");
  CHECK(*world.resolver->Resolve("${vault:apps/crm x#port}") == "8080");
  CHECK(*world.resolver->Later("${vault:apps/crm x#api_key}")() == "vault-value-1");
  REQUIRE(world.transport->requests().size() == 1);
  const Request asked = world.transport->requests()[0];
  CHECK(Header(asked, "X-Vault-Namespace") == "ns1");
  CHECK(Header(asked, "X-Vault-Request") == "true");
  CHECK(Redact("vault-value-1 hvs.static-token") == "*** ***");
}

TEST_CASE("environment and files are read as ever, without Vault") {
  TempFolder folder;
  folder.Write("key.txt", "value-of-a-file\n");
  const auto resolver = SecretResolver::Make({folder.path(), std::nullopt});
  CHECK(*resolver->Resolve("${file:key.txt}") == "value-of-a-file");
  const Status none = resolver->Resolve("${vault:a#b}").status();
  CHECK(CodeOf(none) == ErrorCode::kUnresolvedReference);
  CHECK(none.message().find("no `vault` block") != std::string::npos);
  CHECK(CodeOf(resolver->Resolve("in clear").status()) == ErrorCode::kSecretInClear);
}

TEST_CASE("AppRole logs in once, and again when its token has expired") {
  World world(VaultConfig::Auth::kAppRole);
  CHECK(*world.resolver->Resolve("${vault:apps/crm x#api_key}") == "vault-value-1");
  CHECK(world.vault.logins == 1);
  world.vault.good_token = "hvs.somebody-else";  // the lease has ended
  CHECK_FALSE(world.resolver->Resolve("${vault:apps/none#x}").ok());
  CHECK(world.vault.logins == 2);
  CHECK(Redact("hvs.login-1 hvs.login-2 secret-id-1") == "*** *** ***");
}

TEST_CASE("what Vault refuses is told with its reason and without a value") {
  World world(VaultConfig::Auth::kToken);
  const Status missing = world.Failure("${vault:apps/none#x}");
  CHECK(missing.message().find("there is no such secret") != std::string::npos);
  CHECK(world.Failure("${vault:deleted#x}").message().find("deleted") != std::string::npos);
  CHECK(world.Failure("${vault:old#api_key}").message().find("version 2") != std::string::npos);
  const Status field = world.Failure("${vault:apps/crm x#api_keys}");
  CHECK(DiagnosticsOf(field).front().suggestion == "did you mean `api_key`?");
  CHECK(field.message().find("vault-value-1") == std::string::npos);
  CHECK(CodeOf(missing) == ErrorCode::kUnresolvedReference);

  World denied(VaultConfig::Auth::kToken);
  denied.vault.good_token = "another";
  const Status status = denied.Failure("${vault:apps/crm x#api_key}");
  CHECK(status.message().find("403, permission denied") != std::string::npos);
  CHECK(CodeOf(status) == ErrorCode::kUnresolvedReference);

  World role(VaultConfig::Auth::kAppRole);
  ::setenv("MILLRACE_TEST_VAULT_SECRET", "wrong-secret-id", 1);
  CHECK(role.Failure("${vault:apps/crm x#api_key}").message().find("invalid role") !=
        std::string::npos);
}

TEST_CASE("a sealed Vault is waited for, and then it is the environment's fault") {
  World soon(VaultConfig::Auth::kToken);
  soon.vault.sealed = 2;
  CHECK(soon.resolver->Resolve("${vault:apps/crm x#api_key}").ok());
  World never(VaultConfig::Auth::kToken);
  never.vault.sealed = 100;
  const Status status = never.Failure("${vault:apps/crm x#api_key}");
  CHECK(status.message().find("Vault is sealed") != std::string::npos);
  CHECK(ExitCodeOf(status) == 75);
}

TEST_CASE("many threads read one secret with one request") {
  World world(VaultConfig::Auth::kToken);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&world] { CHECK(world.resolver->Resolve("${vault:apps/crm x#api_key}").ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(world.transport->requests().size() == 1);
}

}  // namespace millrace::pipeline
