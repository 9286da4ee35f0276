#include "pipeline/secrets/http_auth.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "io/http/testing/fake_clock.h"
#include "io/http/testing/fake_transport.h"
#include "pipeline/config/tree.h"
#include "pipeline/config/walk.h"

namespace millrace::pipeline {
namespace {

using io::http::FakeTransport;
using io::http::Request;

/// An object of which `auth` is the only field, read from its text.
AuthConfig Read(const std::string& auth, std::vector<Diagnostic>* found) {
  static const auto* owner = new ObjectSpec{.name = "o", .doc = "", .fields = {AuthField()}};
  const ConfigTree tree = ParseConfigTree("auth: " + auth + "\n", "p.yaml");
  ConfigProblems problems(&tree);
  const AuthConfig built = BuildAuth(WalkConfig(tree.root, *owner, {}, &problems), &problems);
  *found = problems.Finish();
  return built;
}

std::string Problem(const std::string& auth) {
  std::vector<Diagnostic> found;
  Read(auth, &found);
  if (found.empty()) return "none";
  return found.size() == 1 ? FormatErrorCode(found[0].code)
                           : std::to_string(found.size()) + " problems";
}

/// The request that goes out to https://home/x with this auth.
Request Sent(const std::string& auth) {
  ::setenv("MILLRACE_TEST_AUTH_A", "value-of-a", 1);
  ::setenv("MILLRACE_TEST_AUTH_B", "value-of-b", 1);
  std::vector<Diagnostic> found;
  const AuthConfig config = Read(auth, &found);
  REQUIRE(found.empty());
  const auto transport = std::make_shared<FakeTransport>([](const Request&, int) {
    return Result<io::http::Response>(io::http::Status200(R"({"access_token":"fetched-token"})"));
  });
  HttpMeans means;
  means.transport = transport;
  means.clock = std::make_shared<io::http::FakeClock>();
  means.limiter = std::make_shared<io::http::RateLimiter>(means.clock);
  io::http::ClientOptions options;
  options.home = "https://home/";
  options.auth = MakeAuth(config, SecretResolver::Make({"/", std::nullopt}), means);
  io::http::Client client(transport, means.limiter, means.clock, options);
  Request request;
  request.url = "https://home/x";
  REQUIRE(client.Send(request).ok());
  return transport->requests().back();
}

std::string Credential(const Request& request) {
  REQUIRE(request.credentials.size() == 1);
  return request.credentials[0].first + ": " + request.credentials[0].second;
}

const std::string kA = "'${env:MILLRACE_TEST_AUTH_A}'", kB = "'${env:MILLRACE_TEST_AUTH_B}'";

}  // namespace

TEST_CASE("what a config says of auth is what a request carries") {
  CHECK(Credential(Sent("{type: bearer, token: " + kA + "}")) ==
        "Authorization: Bearer value-of-a");
  CHECK(Credential(Sent("{type: api_key, key: " + kA + ", name: X-Key}")) == "X-Key: value-of-a");
  CHECK(Sent("{type: api_key, key: " + kA + ", name: k, in: query}").url ==
        "https://home/x?k=value-of-a");
  CHECK(Credential(Sent("{type: basic, user: " + kA + ", password: " + kB + "}")) ==
        "Authorization: Basic dmFsdWUtb2YtYTp2YWx1ZS1vZi1i");
  CHECK(Credential(Sent("{type: basic, user: " + kA + "}")) ==
        "Authorization: Basic dmFsdWUtb2YtYTo=");
  CHECK(Credential(Sent("{type: oauth2, token_url: 'https://login/t', client_id: c, "
                        "client_secret: " +
                        kA + ", fields: {audience: x}}")) == "Authorization: Bearer fetched-token");
}

TEST_CASE("auth that cannot work is refused") {
  CHECK(Problem("{type: bearer, token: in-clear-8}") == "MR1207");
  CHECK(Problem("{type: api_key, key: in-clear-9, name: k}") == "MR1207");
  CHECK(Problem("{type: basic, user: ann}") == "MR1207");
  CHECK(Problem("{type: bearer}") == "MR1202");
  CHECK(Problem("{type: digest}") == "MR1205");
  CHECK(Problem("{type: api_key, key: " + kA + ", name: 'X Key'}") == "MR1205");
  CHECK(Problem("{type: api_key, key: " + kA + ", name: '', in: query}") == "MR1205");
  CHECK(Problem("{type: oauth2, token_url: 'login/t', client_id: c, client_secret: " + kA + "}") ==
        "MR1205");
}

}  // namespace millrace::pipeline
