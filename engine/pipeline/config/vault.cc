#include "pipeline/config/vault.h"

#include <filesystem>

#include "io/http/url.h"
#include "pipeline/config/references.h"

namespace millrace::pipeline {
namespace {

using T = FieldType;

ObjectSpec AuthVariant(const std::string& type, const std::string& doc, std::vector<Field> more) {
  static const VariantFamily family = {
      "login of vault", "How Vault knows who asks.", {"token", "approle"}};
  return VariantSpec(family, type, doc, std::move(more));
}

const ObjectSpec& AuthSpec() {
  static const auto* token = new ObjectSpec(
      AuthVariant("token", "By a token that somebody else has made.",
                  {{.key = "token", .doc = "The token.", .required = true, .secret = true}}));
  static const auto* approle = new ObjectSpec(AuthVariant(
      "approle", "By a role, for machines.",
      {{.key = "role_id", .doc = "The role's id.", .required = true, .secret = true},
       {.key = "secret_id", .doc = "The role's secret id.", .required = true, .secret = true},
       {.key = "mount", .doc = "Where AppRole is mounted.", .fallback = "approle"}}));
  static const auto* spec = new ObjectSpec{
      .name = "login of vault", .doc = "How Vault knows who asks.", .variants = {token, approle}};
  return *spec;
}

bool IsVaultReference(const ConfigValue& value) {
  return value.kind == ConfigValue::Kind::kText && value.node != nullptr && value.as_written &&
         ReadVaultReference(value.text).has_value();
}

/// Calls `report` for every secret field that refers to Vault.
template <typename Report>
void EachVaultReference(const ConfigValue& value, const Report& report) {
  for (const ConfigMember& member : value.members) {
    const Field* field = value.spec == nullptr ? nullptr : value.spec->Find(member.name);
    if (field != nullptr && field->secret && IsVaultReference(member.value)) {
      report(member.value);
    } else {
      EachVaultReference(member.value, report);
    }
  }
}

bool IsMount(const std::string& text) {
  const std::string walked = "/" + text + "/";
  return walked.find("//") == std::string::npos && walked.find("/../") == std::string::npos &&
         walked.find("/./") == std::string::npos;
}

void CheckMount(const ConfigValue& value, ConfigProblems* problems) {
  const ConfigValue* mount = value.Find("mount");
  if (mount == nullptr || IsMount(mount->text)) return;
  problems->Add(ErrorCode::kBadValue, mount->span, "`" + mount->text + "` is no mount",
                "write it without a slash at its ends, like secret");
}

void BuildAuth(const ConfigValue& auth, VaultConfig* vault, ConfigProblems* problems) {
  if (auth.spec == nullptr) return;
  vault->auth =
      auth.spec->type_value == "approle" ? VaultConfig::Auth::kAppRole : VaultConfig::Auth::kToken;
  vault->token = auth.Text("token");
  vault->role_id = auth.Text("role_id");
  vault->secret_id = auth.Text("secret_id");
  vault->approle_mount = auth.Text("mount");
  if (vault->auth == VaultConfig::Auth::kAppRole) CheckMount(auth, problems);
}

}  // namespace

const ObjectSpec& VaultSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "vault",
      .doc =
          "Where ${vault:path#field} looks: HashiCorp Vault, a KV engine of version 2. "
          "docs/secrets.md explains it.",
      .fields = {
          {.key = "address",
           .doc = "Its URL, for example https://vault.example.com:8200.",
           .required = true},
          {.key = "auth",
           .type = T::kObject,
           .doc = "Who asks.",
           .required = true,
           .object = &AuthSpec()},
          {.key = "namespace", .doc = "The namespace, where Vault has several."},
          {.key = "mount", .doc = "Where the KV engine is mounted.", .fallback = "secret"},
          {.key = "ca_file",
           .type = T::kPath,
           .doc = "A PEM file of the authorities to trust; the system's if absent."},
      }};
  return *spec;
}

std::optional<VaultConfig> BuildVault(const ConfigValue& root, const std::string& base_dir,
                                      ConfigProblems* problems) {
  const ConfigValue* value = root.Find("vault");
  if (value == nullptr || value->kind != ConfigValue::Kind::kObject) {
    if (root.IsWritten("vault")) return std::nullopt;  // wrong, and reported already
    EachVaultReference(root, [&](const ConfigValue& reference) {
      problems->Add(ErrorCode::kUnresolvedReference, reference.span,
                    "`" + reference.text + "` needs a `vault` block",
                    "say where Vault is: vault: {address: ..., auth: ...}");
    });
    return std::nullopt;
  }
  EachVaultReference(*value, [&](const ConfigValue& reference) {
    problems->Add(ErrorCode::kBadValue, reference.span, "the key to Vault cannot lie in Vault",
                  "write ${env:NAME} or ${file:path}");
  });
  VaultConfig vault;
  vault.span = value->span;
  if (const ConfigValue* address = value->Find("address")) {
    const Result<io::http::Url> url = io::http::ParseUrl(address->text);
    if (!url.ok()) {
      const Diagnostic fault = DiagnosticsOf(url.status()).front();
      problems->Add(fault.code, address->span, fault.message, fault.suggestion);
    } else if (url->path != "/" || !url->query.empty()) {
      problems->Add(ErrorCode::kBadValue, address->span, "the address of Vault has no path",
                    "write scheme, host and port alone, and use `mount` and `namespace`");
    } else {
      vault.address = url->Origin();
    }
  }
  vault.namespace_ = value->Text("namespace");
  vault.mount = value->Text("mount");
  CheckMount(*value, problems);
  const std::string ca_file = value->Text("ca_file");
  if (!ca_file.empty()) {
    vault.ca_file = (std::filesystem::path(base_dir) / ca_file).lexically_normal().string();
  }
  if (const ConfigValue* auth = value->Find("auth")) BuildAuth(*auth, &vault, problems);
  return vault;
}

}  // namespace millrace::pipeline
