#include "pipeline/secrets/vault.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "io/http/client.h"
#include "io/http/url.h"

namespace millrace::pipeline {
namespace {

using io::http::Request;
using io::http::Response;
using nlohmann::json;

/// What Vault says went wrong: the texts of {"errors": [...]}.
std::string ErrorsOf(const Response& response) {
  const json told = json::parse(response.body, nullptr, false);
  std::string out;
  if (told.is_object() && told.contains("errors") && told["errors"].is_array()) {
    for (const json& error : told["errors"]) {
      if (!error.is_string()) continue;
      out += (out.empty() ? "" : "; ") + error.get<std::string>();
    }
  }
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return Redact(out);
}

Status Refused(const std::string& what, const Response& response, const std::string& suggestion) {
  const std::string errors = ErrorsOf(response);
  return MakeError(ErrorCode::kUnresolvedReference,
                   what + ": Vault answered " + std::to_string(response.status) +
                       (errors.empty() ? "" : ", " + errors),
                   suggestion);
}

std::string EncodePath(const std::string& path) {
  std::string out;
  for (const char c : path) out += c == '/' ? "/" : io::http::PercentEncode(std::string(1, c));
  return out;
}

}  // namespace

Vault::Vault(VaultConfig config, std::shared_ptr<io::http::Client> client,
             std::function<Result<std::string>(const std::string&)> resolve)
    : config_(std::move(config)), client_(std::move(client)), resolve_(std::move(resolve)) {}

Result<std::string> Vault::Read(const std::string& path, const std::string& field) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto found = read_.find(path);
  if (found == read_.end()) {
    Result<Fields> fields = Fetch(path);
    if (!fields.ok()) {
      return WithContext(fields.status(), "the secret `" + path + "` of Vault cannot be read");
    }
    found = read_.emplace(path, *std::move(fields)).first;
  }
  const auto value = found->second.find(field);
  if (value != found->second.end()) return value->second;
  std::vector<std::string> names;
  for (const auto& [name, text] : found->second) names.push_back(name);
  return MakeError(ErrorCode::kUnresolvedReference,
                   "the secret `" + path + "` of Vault has no field `" + field + "`",
                   DidYouMean(field, names));
}

Result<Vault::Fields> Vault::Fetch(const std::string& path) {
  if (token_.empty()) ARROW_RETURN_NOT_OK(Authenticate());
  ARROW_ASSIGN_OR_RAISE(Response response, Ask(path));
  if (response.status == 403 && config_.auth == VaultConfig::Auth::kAppRole) {
    ARROW_RETURN_NOT_OK(Authenticate());  // the token of a login ends with its lease
    ARROW_ASSIGN_OR_RAISE(response, Ask(path));
  }
  if (response.status == 403) {
    return Refused("not allowed", response,
                   "check that the token is valid and that its policy may read " + config_.mount +
                       "/data/" + path);
  }
  if (response.status == 404) {
    return Refused("there is no such secret, or its newest version is deleted", response,
                   "check the path and `vault.mount`, which is `" + config_.mount + "`");
  }
  if (response.status != 200) return Refused("unexpected answer", response, "");
  const json told = json::parse(response.body, nullptr, false);
  const json* data = &told;
  for (int depth = 0; depth < 2; ++depth) {  // data.data: the outer one has the metadata beside it
    if (!data->is_object() || !data->contains("data")) data = nullptr;
    if (data == nullptr) break;
    data = &(*data)["data"];
  }
  if (data == nullptr || !data->is_object()) {
    return MakeError(ErrorCode::kUnresolvedReference, "the answer is not a secret of version 2",
                     "`vault.mount` must be a KV engine of version 2");
  }
  Fields fields;
  for (const auto& [name, value] : data->items()) {
    fields[name] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return fields;
}

Result<Response> Vault::Ask(const std::string& path) {
  Request request;
  request.url = config_.address + "/v1/" + EncodePath(config_.mount) + "/data/" + EncodePath(path);
  request.headers = {{"X-Vault-Request", "true"}};
  if (!config_.namespace_.empty()) {
    request.headers.emplace_back("X-Vault-Namespace", config_.namespace_);
  }
  request.credentials = {{"X-Vault-Token", token_}};
  ARROW_ASSIGN_OR_RAISE(io::http::Answer answer, client_->Send(request));
  return std::move(answer.response);
}

Status Vault::Authenticate() {
  if (config_.auth == VaultConfig::Auth::kToken) {
    ARROW_ASSIGN_OR_RAISE(token_, resolve_(config_.token));
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const std::string role_id, resolve_(config_.role_id));
  ARROW_ASSIGN_OR_RAISE(const std::string secret_id, resolve_(config_.secret_id));
  Request request;
  request.method = "POST";
  request.url = config_.address + "/v1/auth/" + EncodePath(config_.approle_mount) + "/login";
  request.headers = {{"X-Vault-Request", "true"}, {"Content-Type", "application/json"}};
  if (!config_.namespace_.empty()) {
    request.headers.emplace_back("X-Vault-Namespace", config_.namespace_);
  }
  request.body = json{{"role_id", role_id}, {"secret_id", secret_id}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
  io::http::SendOptions sending;
  sending.idempotent = true;  // a login more does no harm
  const Result<io::http::Answer> answer = client_->Send(request, sending);
  if (!answer.ok()) return WithContext(answer.status(), "logging in by AppRole");
  const Response& response = answer->response;
  if (response.status != 200) {
    return Refused("the login by AppRole was refused", response,
                   "check `role_id`, `secret_id` and the mount of AppRole");
  }
  const json told = json::parse(response.body, nullptr, false);
  const json* auth = told.is_object() && told.contains("auth") ? &told["auth"] : nullptr;
  if (auth == nullptr || !auth->is_object() || !auth->contains("client_token") ||
      !(*auth)["client_token"].is_string()) {
    return MakeError(ErrorCode::kUnresolvedReference, "the login by AppRole gave no token");
  }
  token_ = (*auth)["client_token"].get<std::string>();
  RegisterSecret(token_);
  return Status::OK();
}

}  // namespace millrace::pipeline
