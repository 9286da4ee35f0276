#include "io/object/default_tokens.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include "base/log.h"
#include "base/testing/temp_folder.h"
#include "io/http/client.h"
#include "io/http/testing/fake_clock.h"
#include "io/http/testing/fake_transport.h"

namespace millrace::io {
namespace {

using Surroundings = std::map<std::string, std::string>;

Variable Of(const Surroundings& surroundings) {
  return [surroundings](const char* name) {
    const auto found = surroundings.find(name);
    return found == surroundings.end() ? std::string() : found->second;
  };
}

// "METHOD URL", header by header, and the body of the request for a token.
std::string Asked(const TokenPlan& plan) {
  const http::Request request = plan.ask().ValueOrDie();
  std::string text = request.method + ' ' + request.url;
  for (const auto& [name, value] : request.credentials) text += ' ' + name + '=' + value;
  return text + (request.body.empty() ? "" : ' ' + request.body);
}
std::string Azure(const Surroundings& surroundings) {
  return Asked(AzureTokenPlan(Of(surroundings)));
}

constexpr char kUser[] =
    R"({"type":"authorized_user","client_id":"c","client_secret":"s canary","refresh_token":"r/1"})";

}  // namespace

TEST_CASE("Azure's chain: a service principal, a workload, an app, the machine") {
  CHECK(Azure({{"AZURE_TENANT_ID", "t"},
               {"AZURE_CLIENT_ID", "c"},
               {"AZURE_CLIENT_SECRET", "s&canary"}}) ==
        "POST https://login.microsoftonline.com/t/oauth2/v2.0/token "
        "grant_type=client_credentials&scope=https%3A%2F%2Fstorage.azure.com%2F.default&"
        "client_id=c&client_secret=s%26canary");
  CHECK(Redact("s&canary s%26canary") == "*** ***");

  const TempFolder folder;
  folder.Write("token", "jwt-1\n");
  const std::string token = folder.path() + "/token";
  const Surroundings workload = {{"AZURE_TENANT_ID", "t"},
                                 {"AZURE_CLIENT_ID", "c"},
                                 {"AZURE_AUTHORITY_HOST", "https://login.example/"},
                                 {"AZURE_FEDERATED_TOKEN_FILE", token}};
  const TokenPlan plan = AzureTokenPlan(Of(workload));
  CHECK(Asked(plan).find("POST https://login.example/t/oauth2/v2.0/token") == 0);
  CHECK(Asked(plan).find("&client_assertion=jwt-1") != std::string::npos);
  folder.Write("token", "jwt-2");  // it is renewed where it lies
  CHECK(Asked(plan).find("&client_assertion=jwt-2") != std::string::npos);
  std::filesystem::remove(token);
  CHECK(CodeOf(plan.ask().status()) == ErrorCode::kPermissionDenied);

  const std::string resource = "resource=https%3A%2F%2Fstorage.azure.com%2F";
  CHECK(Azure({{"IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi"}, {"IDENTITY_HEADER", "h-canary"}}) ==
        "GET http://127.0.0.1:1/msi?" + resource +
            "&api-version=2019-08-01 X-IDENTITY-HEADER=h-canary");
  CHECK(Azure({}) == "GET http://169.254.169.254/metadata/identity/oauth2/token?" + resource +
                         "&api-version=2018-02-01 Metadata=true");
  CHECK(Azure({{"AZURE_CLIENT_ID", "me"}}).find("&client_id=me&") != std::string::npos);
}

TEST_CASE("Google's chain: a user's file, else the machine") {
  const TempFolder folder;
  const std::string home = folder.path();
  const auto google = [](const Surroundings& surroundings) {
    return GoogleTokenPlan(Of(surroundings));
  };
  CHECK(Asked(google({{"HOME", home}}).ValueOrDie()) ==
        "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/"
        "token Metadata-Flavor=Google");
  const std::string user =
      "POST https://oauth2.googleapis.com/token grant_type=refresh_token&"
      "refresh_token=r%2F1&client_id=c&client_secret=s%20canary";
  const std::string name = ".config/gcloud/application_default_credentials.json";
  folder.Write(name, kUser);
  const std::string path = home + '/' + name;
  CHECK(Asked(google({{"HOME", home}}).ValueOrDie()) == user);
  CHECK(Asked(google({{"GOOGLE_APPLICATION_CREDENTIALS", path}}).ValueOrDie()) == user);
  CHECK(Redact("s canary") == "***");
  for (const char* other : {R"({"type":"service_account","private_key":"p"})", "{}", "no JSON"}) {
    folder.Write(name, other);
    CHECK(CodeOf(google({{"HOME", home}}).status()) == ErrorCode::kPermissionDenied);
  }
  CHECK(CodeOf(google({{"GOOGLE_APPLICATION_CREDENTIALS", home + "/none"}}).status()) ==
        ErrorCode::kPermissionDenied);
}

TEST_CASE("a token is fetched once, renewed before it expires, and missed with advice") {
  const auto clock = std::make_shared<http::FakeClock>();
  int status = 200;
  const auto transport = std::make_shared<http::FakeTransport>([&](const http::Request&, int n) {
    http::Response response = http::Status200("{\"access_token\":\"machine-" + std::to_string(n) +
                                              "\",\"expires_in\":\"3600\"}");
    response.status = status;
    return Result<http::Response>(response);
  });
  http::ClientOptions once;
  once.retry.attempts_max = 1;
  const auto client = std::make_shared<http::Client>(
      transport, std::make_shared<http::RateLimiter>(clock), clock, once);
  const auto tokens = MakeDefaultTokens(AzureTokenPlan(Of({})), client, clock);
  const auto sent = [&] {
    http::Request request;
    const Status signed_ = tokens->Apply(&request).status();
    return signed_.ok() ? request.credentials.at(0).second : signed_.ToString();
  };
  CHECK(sent() == "Bearer machine-1");
  clock->Advance(std::chrono::seconds(3500));
  CHECK(sent() == "Bearer machine-1");
  clock->Advance(std::chrono::seconds(80));
  CHECK(sent() == "Bearer machine-2");
  clock->Advance(std::chrono::seconds(3600));
  status = 404;
  const std::string missed = sent();
  CHECK(missed.find("no credentials are given") != std::string::npos);
  CHECK(missed.find("managed identity of this machine") != std::string::npos);
}

}  // namespace millrace::io
