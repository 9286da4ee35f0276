#include "pipeline/config/storage.h"

#include <filesystem>
#include <memory>

#include "io/object/store_url.h"
#include "pipeline/secrets/secret_resolver.h"

namespace millrace::pipeline {
namespace {

using Resolver = std::shared_ptr<SecretResolver>;

io::Secret SecretOf(const ConfigValue& entry, const char* key, const Resolver& resolver) {
  const ConfigValue* value = entry.Find(key);
  if (value == nullptr || value->kind != ConfigValue::Kind::kText) return nullptr;
  return resolver->Later(value->text);
}

std::vector<std::string> SchemesOf(const std::string& type) {
  if (type == "s3") return {"s3://", "s3a://"};
  if (type == "azure") return {"abfs://", "abfss://"};
  if (type == "gcs") return {"gs://"};
  return {"https://", "http://"};
}

void CheckEntry(const ConfigValue& entry, const io::StorageEntry& built, ConfigProblems* problems) {
  const ConfigValue* url = entry.Find("url");
  const std::string& type = entry.spec->type_value;
  bool known = url == nullptr;
  std::string schemes;
  for (const std::string& scheme : SchemesOf(type)) {
    known |= built.url.rfind(scheme, 0) == 0;
    schemes += (schemes.empty() ? "" : " or ") + scheme;
  }
  if (!known) {
    problems->Add(ErrorCode::kBadValue, url->span, "`url` does not begin with " + schemes,
                  "a storage entry of `type: " + type + "` is for such URLs");
  }
  if (bool(built.access_key_id) != bool(built.secret_access_key)) {
    problems->Add(ErrorCode::kMissingKey, entry.span,
                  "`access_key_id` and `secret_access_key` go together");
  }
  const ConfigValue* endpoint = entry.Find("endpoint");
  if (endpoint == nullptr) return;
  const bool plain = built.endpoint.rfind("http://", 0) == 0;
  if (!plain && built.endpoint.rfind("https://", 0) != 0) {
    problems->Add(ErrorCode::kBadValue, endpoint->span, "`endpoint` is no URL of a server",
                  "https://host or http://host:port");
  } else if (plain && !built.allow_http) {
    problems->Add(ErrorCode::kBadValue, endpoint->span, "`endpoint` has no TLS",
                  "write https://, or `allow_http: true` for a server of your own");
  }
}

}  // namespace

std::vector<io::StorageEntry> BuildStorage(const ConfigValue& storage, const std::string& base_dir,
                                           const std::optional<VaultConfig>& vault,
                                           ConfigProblems* problems) {
  SecretResolver::Options options;
  options.base_dir = base_dir;
  options.vault = vault;
  const Resolver resolver = SecretResolver::Make(options);
  std::vector<io::StorageEntry> entries;
  for (const auto& [name, value] : storage.members) {
    if (value.kind != ConfigValue::Kind::kObject) continue;
    io::StorageEntry& entry = entries.emplace_back();
    entry.name = name;
    entry.url = value.Text("url");
    entry.endpoint = value.Text("endpoint");
    entry.region = value.Text("region");
    entry.account = value.Text("account");
    entry.anonymous = value.Bool("anonymous");
    entry.allow_http = value.Bool("allow_http");
    entry.allow_private_addresses = value.Bool("allow_private_addresses");
    entry.retries = static_cast<int>(value.Integer("retries", entry.retries));
    const std::string ca_file = value.Text("ca_file");
    if (!ca_file.empty()) entry.ca_file = (std::filesystem::path(base_dir) / ca_file).string();
    entry.access_key_id = SecretOf(value, "access_key_id", resolver);
    entry.secret_access_key = SecretOf(value, "secret_access_key", resolver);
    entry.session_token = SecretOf(value, "session_token", resolver);
    entry.account_key = SecretOf(value, "account_key", resolver);
    entry.sas_token = SecretOf(value, "sas_token", resolver);
    entry.bearer_token = SecretOf(value, "bearer_token", resolver);
    CheckEntry(value, entry, problems);
  }
  return entries;
}

void CheckUrl(const ConfigValue& path, UrlUse use, ConfigProblems* problems) {
  if (path.kind != ConfigValue::Kind::kText || !io::IsUrl(path.text)) return;
  const auto url = io::ParseStoreUrl(path.text);
  if (!url.ok()) {
    for (const Diagnostic& problem : DiagnosticsOf(url.status())) {
      problems->Add(ErrorCode::kBadValue, path.span, problem.message, problem.suggestion);
    }
  } else if (use == UrlUse::kWrite && url->kind == io::StoreKind::kHttp) {
    problems->Add(ErrorCode::kBadValue, path.span, "a web server can only be read",
                  "write to a folder or an object store");
  }
}

}  // namespace millrace::pipeline
