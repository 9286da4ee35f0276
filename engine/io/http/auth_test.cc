#include "io/http/auth.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "base/log.h"
#include "io/http/client.h"
#include "io/http/testing/fake_clock.h"
#include "io/http/testing/fake_transport.h"

namespace millrace::io::http {
namespace {

Secret Fixed(const std::string& value) {
  return [value]() -> Result<std::string> { return value; };
}

struct World {
  World(std::shared_ptr<Authenticator> auth, FakeTransport::Answerer answer,
        const std::string& home = "https://home/v1") {
    transport = std::make_shared<FakeTransport>(std::move(answer));
    ClientOptions options;
    options.auth = std::move(auth);
    options.home = home;
    client =
        std::make_shared<Client>(transport, std::make_shared<RateLimiter>(clock), clock, options);
  }
  Result<Answer> Get(const std::string& url) {
    Request request;
    request.url = url;
    request.headers = {{"Cookie", "c=1"}, {"X", "y"}};
    request.credentials = {{"X-Tenant-Key", "t"}};
    return client->Send(request);
  }
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakeTransport> transport;
  std::shared_ptr<Client> client;
};

Result<Response> Fine(const Request&, int) { return Status200(); }

/// A token endpoint that counts, and an API that takes the newest token alone.
struct OAuthWorld {
  OAuthWorld() {
    tokens = std::make_shared<FakeTransport>([this](const Request&, int number) {
      issued = number;
      return Result<Response>(Status200("{\"access_token\":\"token-number-" +
                                        std::to_string(number) +
                                        "\",\"token_type\":\"bearer\",\"expires_in\":3600}"));
    });
    token_client = std::make_shared<Client>(tokens, std::make_shared<RateLimiter>(clock), clock,
                                            ClientOptions());
    options.token_url = "https://login/token";
    options.client_id = Fixed("id 1");
    options.client_secret = Fixed("s+cret & more");
  }
  std::shared_ptr<Authenticator> Auth() { return MakeOAuth2Auth(options, token_client, clock); }

  std::atomic<int> issued{0};
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakeTransport> tokens;
  std::shared_ptr<Client> token_client;
  OAuth2Options options;
};

}  // namespace

TEST_CASE("each kind of auth goes out as it should, and is masked from then on") {
  World bearer(MakeBearerAuth(Fixed("bearer-token-1")), Fine);
  REQUIRE(bearer.Get("https://home/v1/x").ok());
  CHECK(bearer.transport->requests()[0].credentials.back() ==
        std::pair<std::string, std::string>("Authorization", "Bearer bearer-token-1"));
  CHECK(Redact("bearer-token-1") == "***");

  World header(MakeApiKeyHeaderAuth("X-Key", Fixed("header-key-1")), Fine);
  REQUIRE(header.Get("https://home/v1/x").ok());
  CHECK(header.transport->requests()[0].credentials.back().second == "header-key-1");

  World basic(MakeBasicAuth(Fixed("ann"), Fixed("p:\xC3\xA4ss")), Fine);
  REQUIRE(basic.Get("https://home/v1/x").ok());
  CHECK(basic.transport->requests()[0].credentials.back().second == "Basic YW5uOnA6w6Rzcw==");
  CHECK(Redact("YW5uOnA6w6Rzcw==") == "***");
  World colon(MakeBasicAuth(Fixed("a:b"), Fixed("x")), Fine);
  CHECK(CodeOf(colon.Get("https://home/v1/x").status()) == ErrorCode::kBadValue);

  World query(MakeApiKeyQueryAuth("key", Fixed("query key&1")), Fine);
  const Result<Answer> answer = query.Get("https://home/v1/x?a=1");
  REQUIRE(answer.ok());
  CHECK(query.transport->requests()[0].url == "https://home/v1/x?a=1&key=query%20key%261");
  CHECK(answer->response.url == "https://home/v1/x?a=1");
  CHECK(Redact("query%20key%261") == "***");
}

TEST_CASE("a redirected answer's URL is shown without the key") {
  World query(MakeApiKeyQueryAuth("key", Fixed("query-key-2")), [](const Request&, int) {
    Response response = Status200();
    response.url = "https://home/v2/x?key=query-key-2&b=2";
    return Result<Response>(response);
  });
  CHECK(query.Get("https://home/v1/x")->response.url == "https://home/v2/x?b=2");
}

TEST_CASE("another host gets nothing that authenticates") {
  for (const char* url : {"https://elsewhere/x", "http://home/v1/x", "https://home:8443/x"}) {
    CAPTURE(url);
    World world(MakeBearerAuth(Fixed("bearer-token-2")), Fine);
    REQUIRE(world.Get(url).ok());
    const Request sent = world.transport->requests().at(0);
    CHECK(sent.credentials.empty());
    CHECK(sent.headers == Headers{{"X", "y"}});
    CHECK(sent.url == url);
  }
}

TEST_CASE("a secret that cannot be had ends the request") {
  World world(MakeBearerAuth([]() -> Result<std::string> {
                return MakeError(ErrorCode::kUnresolvedReference, "TOKEN is not set");
              }),
              Fine);
  CHECK(CodeOf(world.Get("https://home/x").status()) == ErrorCode::kUnresolvedReference);
  CHECK(world.transport->requests().empty());
}

TEST_CASE("a token is fetched once and shared") {
  OAuthWorld oauth;
  oauth.options.scope = "read";
  oauth.options.more_fields = {{"audience", "https://api"}};
  World world(oauth.Auth(), Fine);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&world] { CHECK(world.Get("https://home/x").ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(oauth.issued == 1);
  for (const Request& request : world.transport->requests()) {
    CHECK(request.credentials.back().second == "Bearer token-number-1");
  }
  const Request asked = oauth.tokens->requests().at(0);
  CHECK(asked.method == "POST");
  CHECK(asked.body ==
        "grant_type=client_credentials&scope=read&audience=https%3A%2F%2Fapi&client_id=id%201"
        "&client_secret=s%2Bcret%20%26%20more");
  CHECK(Redact("token-number-1 s+cret & more s%2Bcret%20%26%20more") == "*** *** ***");
}

TEST_CASE("the client's secret can go as Basic auth") {
  OAuthWorld oauth;
  oauth.options.in_header = true;
  World world(oauth.Auth(), Fine);
  REQUIRE(world.Get("https://home/x").ok());
  const Request asked = oauth.tokens->requests().at(0);
  CHECK(asked.body == "grant_type=client_credentials");
  CHECK(asked.credentials.at(0).second.rfind("Basic ", 0) == 0);
}

TEST_CASE("a refused token is renewed once, then the refusal stands") {
  OAuthWorld oauth;
  World once(oauth.Auth(), [](const Request& request, int) -> Result<Response> {
    const bool first = request.credentials.back().second == "Bearer token-number-1";
    return first ? StatusOnly(401) : Status200();
  });
  const Result<Answer> answer = once.Get("https://home/x");
  REQUIRE(answer.ok());
  CHECK(answer->attempts == 2);
  CHECK(oauth.issued == 2);
  CHECK(once.clock->slept().empty());

  OAuthWorld again;
  World never(again.Auth(), [](const Request&, int) { return Result<Response>(StatusOnly(401)); });
  const Status failed = never.Get("https://home/x").status();
  CHECK_FALSE(IsRetryable(failed));
  CHECK(failed.message().find("answered 401") != std::string::npos);
  CHECK(never.transport->requests().size() == 2);
  CHECK(again.issued == 2);

  World fixed(MakeBearerAuth(Fixed("bearer-token-3")),
              [](const Request&, int) { return Result<Response>(StatusOnly(401)); });
  CHECK_FALSE(fixed.Get("https://home/x").ok());
  CHECK(fixed.transport->requests().size() == 1);
}

TEST_CASE("threads that meet the same refusal renew it once") {
  OAuthWorld oauth;
  const std::shared_ptr<Authenticator> auth = oauth.Auth();
  Request request;
  const int64_t edition = *auth->Apply(&request);
  for (int i = 0; i < 5; ++i) CHECK(*auth->Renew(edition));
  CHECK(oauth.issued == 2);
}

TEST_CASE("a token is renewed before it expires") {
  OAuthWorld oauth;
  const std::shared_ptr<Authenticator> auth = oauth.Auth();
  Request request;
  REQUIRE(auth->Apply(&request).ok());
  oauth.clock->Advance(std::chrono::seconds(3569));
  REQUIRE(auth->Apply(&request).ok());
  CHECK(oauth.issued == 1);
  oauth.clock->Advance(std::chrono::seconds(2));
  REQUIRE(auth->Apply(&request).ok());
  CHECK(oauth.issued == 2);
}

TEST_CASE("answers of a token endpoint that cannot be used are said so") {
  for (const char* body : {"", "[]", "{}", "{\"access_token\":\"\"}", "{\"access_token\":7}",
                           "{\"access_token\":\"t\",\"token_type\":\"mac\"}", "<html>"}) {
    CAPTURE(body);
    OAuthWorld oauth;
    oauth.token_client = std::make_shared<Client>(
        std::make_shared<FakeTransport>(
            [body](const Request&, int) { return Result<Response>(Status200(body)); }),
        std::make_shared<RateLimiter>(oauth.clock), oauth.clock, ClientOptions());
    World world(oauth.Auth(), Fine);
    const Status failed = world.Get("https://home/x").status();
    CHECK_FALSE(failed.ok());
    CHECK_FALSE(IsRetryable(failed));
    CHECK(world.transport->requests().empty());
  }
}

}  // namespace millrace::io::http
