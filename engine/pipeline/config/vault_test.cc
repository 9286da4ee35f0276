#include "pipeline/config/vault.h"

#include <doctest/doctest.h>

#include "pipeline/config/loader.h"
#include "pipeline/config/references.h"

namespace millrace::pipeline {
namespace {

std::string With(const std::string& vault) {
  return "version: 1\nname: n\nvault: " + vault + "\nsources: {s: {type: csv, path: x.csv}}\n";
}

Result<PipelineConfig> Parse(const std::string& vault) {
  return ParseConfig(With(vault), "p.yaml", "/base", {});
}

/// The code of the only problem, or how many there are.
std::string Problem(const std::string& vault) {
  const Result<PipelineConfig> config = Parse(vault);
  if (config.ok()) return "none";
  const std::vector<Diagnostic> problems = DiagnosticsOf(config.status());
  return problems.size() == 1 ? FormatErrorCode(problems[0].code)
                              : std::to_string(problems.size()) + " problems";
}

const char* const kToken = "{address: 'https://v:8200', auth: {type: token, token: '${env:T}'}}";

}  // namespace

TEST_CASE("a vault block is read with its defaults") {
  const VaultConfig token = *Parse(kToken)->vault;
  CHECK(token.address == "https://v:8200");
  CHECK(token.mount == "secret");
  CHECK(token.auth == VaultConfig::Auth::kToken);
  CHECK(token.token == "${env:T}");
  CHECK(token.ca_file.empty());
  const VaultConfig role =
      *Parse(
           "{address: 'http://127.0.0.1:8200/', namespace: a/b, mount: kv/x, ca_file: ca.pem, "
           "auth: {type: approle, role_id: '${env:R}', secret_id: '${file:s}'}}")
           ->vault;
  CHECK(role.address == "http://127.0.0.1:8200");
  CHECK(role.namespace_ == "a/b");
  CHECK(role.mount == "kv/x");
  CHECK(role.ca_file == "/base/ca.pem");
  CHECK(role.auth == VaultConfig::Auth::kAppRole);
  CHECK(role.approle_mount == "approle");
  CHECK_FALSE(ParseConfig("version: 1\nname: n\nsources: {s: {type: csv, path: x}}\n", "p", "/", {})
                  ->vault);
}

TEST_CASE("where Vault is does not change what a config is") {
  CHECK(Parse(kToken)->config_hash ==
        Parse("{address: 'https://other', auth: {type: token, token: '${env:U}'}}")->config_hash);
}

TEST_CASE("a vault block that cannot work is refused") {
  const auto with_auth = [](const std::string& auth) {
    return Problem("{address: 'https://v', auth: " + auth + "}");
  };
  CHECK(Problem("{address: 'v:8200', auth: {type: token, token: '${env:T}'}}") == "MR1205");
  CHECK(Problem("{address: 'https://v/v1', auth: {type: token, token: '${env:T}'}}") == "MR1205");
  CHECK(Problem("{address: 'https://v', mount: /kv/, auth: {type: token, token: '${env:T}'}}") ==
        "MR1205");
  CHECK(Problem("{auth: {type: token, token: '${env:T}'}}") == "MR1202");
  CHECK(Problem("{address: 'https://v'}") == "MR1202");
  CHECK(with_auth("{type: token, token: in-clear-7}") == "MR1207");
  CHECK(with_auth("{type: token, token: '${vault:a#b}'}") == "MR1205");
  CHECK(with_auth("{type: token}") == "MR1202");
  CHECK(with_auth("{type: approle, role_id: '${env:R}'}") == "MR1202");
  CHECK(with_auth("{type: token, token: '${env:T}', role_id: '${env:R}'}") == "MR1203");
  CHECK(with_auth("{type: ldap}") == "MR1205");
}

TEST_CASE("references to Vault are told by their form") {
  const auto place = ReadVaultReference("${vault:apps/crm#key}");
  REQUIRE(place);
  CHECK(place->path == "apps/crm");
  CHECK(place->field == "key");
  for (const char* text :
       {"${vault:a}", "${vault:#b}", "${vault:a#}", "${vault:/a#b}", "${vault:a/../b#c}",
        "${vault:a//b#c}", "x${vault:a#b}", "${vault:a#b}x", "${env:a#b}", ""}) {
    CAPTURE(text);
    CHECK_FALSE(ReadVaultReference(text));
  }
  CHECK(IsSecretReference("${vault:a#b}"));
  CHECK(IsSecretReference("${env:T}"));
  CHECK_FALSE(IsSecretReference("${env:}"));
  CHECK_FALSE(IsSecretReference("${file:}"));
  // In an ordinary field its value would be stored in clear.
  const auto config = ParseConfig(
      "version: 1\nname: n\nsources: {s: {type: csv, path: '${vault:a#b}'}}\n", "p", "/", {});
  CHECK(config.status().message().find("secret fields alone") != std::string::npos);
}

}  // namespace millrace::pipeline
