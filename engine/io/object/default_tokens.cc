#include "io/object/default_tokens.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/log.h"
#include "io/http/client.h"
#include "io/http/url.h"

namespace millrace::io {
namespace {

using http::Request;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr char kAzureResource[] = "https://storage.azure.com/";
constexpr char kAssertionType[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

Result<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (file.good()) return text.str();
  return MakeError(ErrorCode::kPermissionDenied, "`" + path + "` cannot be read");
}

Request FormRequest(const std::string& url, Fields fields) {
  Request request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.body = http::EncodeQuery(fields);
  return request;
}

Result<Request> MetadataRequest(const std::string& url, const Fields& query,
                                std::pair<std::string, std::string> header) {
  ARROW_ASSIGN_OR_RAISE(const http::Url parsed, http::ParseUrl(url));
  Request request;
  request.url = http::WithQuery(parsed, query).ToString();
  request.credentials.push_back(std::move(header));
  return request;
}

std::string TrimmedEnd(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '/' || text.back() == '\r')) {
    text.pop_back();
  }
  return text;
}

// A service principal with its secret, or with what the workload identity wrote for it.
TokenPlan AzureApplication(const Variable& variable) {
  std::string authority = TrimmedEnd(variable("AZURE_AUTHORITY_HOST"));
  if (authority.empty()) authority = "https://login.microsoftonline.com";
  const std::string url =
      authority + '/' + http::PercentEncode(variable("AZURE_TENANT_ID")) + "/oauth2/v2.0/token";
  const Fields common = {{"grant_type", "client_credentials"},
                         {"scope", std::string(kAzureResource) + ".default"},
                         {"client_id", variable("AZURE_CLIENT_ID")}};
  const std::string secret = variable("AZURE_CLIENT_SECRET");
  if (!secret.empty()) {
    return {"the service principal of AZURE_CLIENT_ID", [=]() -> Result<Request> {
              RegisterSecret(secret);
              RegisterSecret(http::PercentEncode(secret));
              Fields fields = common;
              fields.emplace_back("client_secret", secret);
              return FormRequest(url, std::move(fields));
            }};
  }
  const std::string path = variable("AZURE_FEDERATED_TOKEN_FILE");
  return {"the workload identity of AZURE_FEDERATED_TOKEN_FILE", [=]() -> Result<Request> {
            ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(path));
            const std::string assertion = TrimmedEnd(text);  // it is renewed in its file
            RegisterSecret(assertion);
            Fields fields = common;
            fields.emplace_back("client_assertion_type", kAssertionType);
            fields.emplace_back("client_assertion", assertion);
            return FormRequest(url, std::move(fields));
          }};
}

// {"type": "authorized_user", ...}, as `gcloud auth application-default login` leaves it.
Result<TokenPlan> GoogleUser(const std::string& path, const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto member = [&json](const char* name) {
    const bool there = json.is_object() && json.contains(name) && json[name].is_string();
    return there ? json[name].get<std::string>() : std::string();
  };
  const std::string type = member("type"), token = member("refresh_token");
  if (type != "authorized_user" || token.empty()) {
    return MakeError(
        ErrorCode::kPermissionDenied,
        "`" + path + "` holds Google credentials of the type `" + type + "`, which is not read",
        "give HMAC keys or a `bearer_token` in the `storage` block");
  }
  std::string url = member("token_uri");
  if (url.empty()) url = "https://oauth2.googleapis.com/token";
  const std::string secret = member("client_secret");
  Fields fields = {{"grant_type", "refresh_token"},
                   {"refresh_token", token},
                   {"client_id", member("client_id")},
                   {"client_secret", secret}};
  return TokenPlan{"`" + path + "`", [=]() -> Result<Request> {
                     for (const std::string& one : {token, secret}) {
                       RegisterSecret(one);
                       RegisterSecret(http::PercentEncode(one));
                     }
                     return FormRequest(url, fields);
                   }};
}

// A chain that leads to no token says how else it could be had.
class Tokens : public http::Authenticator {
 public:
  Tokens(std::string from, std::shared_ptr<http::Authenticator> inner)
      : from_(std::move(from)), inner_(std::move(inner)) {}
  Result<int64_t> Apply(Request* request) override {
    Result<int64_t> edition = inner_->Apply(request);
    if (edition.ok() || edition.status().IsCancelled()) return edition;
    return MakeError(
        ErrorCode::kPermissionDenied,
        "no credentials are given, and " + from_ + " gives no token: " + edition.status().message(),
        "give credentials in the `storage` block, or say `anonymous: true`");
  }
  Result<bool> Renew(int64_t edition) override { return inner_->Renew(edition); }

 private:
  const std::string from_;
  const std::shared_ptr<http::Authenticator> inner_;
};

}  // namespace

std::string ProcessVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

TokenPlan AzureTokenPlan(const Variable& variable) {
  const auto has = [&](const char* name) { return !variable(name).empty(); };
  if (has("AZURE_TENANT_ID") && has("AZURE_CLIENT_ID") &&
      (has("AZURE_CLIENT_SECRET") || has("AZURE_FEDERATED_TOKEN_FILE"))) {
    return AzureApplication(variable);
  }
  Fields query = {{"resource", kAzureResource}};
  if (has("AZURE_CLIENT_ID")) query.emplace_back("client_id", variable("AZURE_CLIENT_ID"));
  if (has("IDENTITY_ENDPOINT") && has("IDENTITY_HEADER")) {
    query.emplace_back("api-version", "2019-08-01");
    return {"the managed identity of IDENTITY_ENDPOINT",
            [=, url = variable("IDENTITY_ENDPOINT"), header = variable("IDENTITY_HEADER")] {
              RegisterSecret(header);
              return MetadataRequest(url, query, {"X-IDENTITY-HEADER", header});
            }};
  }
  query.emplace_back("api-version", "2018-02-01");
  std::string host = TrimmedEnd(variable("AZURE_POD_IDENTITY_AUTHORITY_HOST"));
  if (host.empty()) host = "http://169.254.169.254";
  return {"the managed identity of this machine", [=] {
            return MetadataRequest(host + "/metadata/identity/oauth2/token", query,
                                   {"Metadata", "true"});
          }};
}

Result<TokenPlan> GoogleTokenPlan(const Variable& variable) {
  std::string path = variable("GOOGLE_APPLICATION_CREDENTIALS");
  const bool named = !path.empty();
  if (!named) {
    std::string folder = variable("CLOUDSDK_CONFIG");
    if (folder.empty()) folder = variable("HOME") + "/.config/gcloud";
    path = folder + "/application_default_credentials.json";
  }
  const Result<std::string> text = ReadText(path);
  if (text.ok()) return GoogleUser(path, *text);
  if (named) return text.status();
  std::string host = variable("GCE_METADATA_HOST");
  if (host.empty()) host = "metadata.google.internal";
  return TokenPlan{
      "the service account of this machine", [host] {
        return MetadataRequest(
            "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/token", {},
            {"Metadata-Flavor", "Google"});
      }};
}

std::shared_ptr<http::Authenticator> MakeDefaultTokens(TokenPlan plan,
                                                       std::shared_ptr<http::Client> client,
                                                       std::shared_ptr<http::Clock> clock) {
  auto tokens = http::MakeTokenAuth(std::move(plan.ask), std::move(client), std::move(clock));
  return std::make_shared<Tokens>(std::move(plan.from), std::move(tokens));
}

Result<std::shared_ptr<http::Authenticator>> MakeDefaultTokens(TokenPlan plan,
                                                               const std::atomic<bool>* cancelled) {
  http::TransportOptions options;
  options.connect_timeout = std::chrono::seconds(2);  // elsewhere there is no such address
  options.read_timeout = std::chrono::seconds(20);
  options.redirects_max = 0;
  options.allow_private_addresses = true;  // that is where a machine's metadata are
  options.cancelled = cancelled;
  ARROW_ASSIGN_OR_RAISE(auto transport, http::MakeCurlTransport(options));
  const auto clock = http::MakeSystemClock(cancelled);
  http::ClientOptions asking;
  asking.retry.attempts_max = 3;
  auto client = std::make_shared<http::Client>(
      std::move(transport), std::make_shared<http::RateLimiter>(clock), clock, asking);
  return MakeDefaultTokens(std::move(plan), std::move(client), clock);
}

}  // namespace millrace::io
