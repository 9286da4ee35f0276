#include "io/http/client.h"

#include <doctest/doctest.h>

#include "base/log.h"
#include "io/http/testing/fake_clock.h"
#include "io/http/testing/fake_transport.h"

namespace millrace::io::http {
namespace {

using std::chrono::milliseconds;

/// A client over a fake transport and a fake clock.
struct World {
  explicit World(FakeTransport::Answerer answer, ClientOptions options = {})
      : transport(std::make_shared<FakeTransport>(std::move(answer))),
        clock(std::make_shared<FakeClock>()),
        limiter(std::make_shared<RateLimiter>(clock)) {
    if (!options.retry.seed) options.retry.seed = 7;
    options.on_attempt = [this](const Attempt& attempt) { attempts.push_back(attempt); };
    REQUIRE(CheckClientOptions(options).ok());
    client = std::make_shared<Client>(transport, limiter, clock, options);
  }
  Result<Answer> Send(const std::string& url, const std::string& method = "GET",
                      const SendOptions& sending = SendOptions()) {
    Request request;
    request.method = method;
    request.url = url;
    return client->Send(request, sending);
  }

  std::shared_ptr<FakeTransport> transport;
  std::shared_ptr<FakeClock> clock;
  std::shared_ptr<RateLimiter> limiter;
  std::vector<Attempt> attempts;
  std::shared_ptr<Client> client;
};

FakeTransport::Answerer Failing(int times, Result<Response> failure) {
  return [times, failure](const Request&, int number) -> Result<Response> {
    if (number > times) return Status200("good");
    return failure;
  };
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what may pass is tried again") {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    CAPTURE(status);
    World world(Failing(2, StatusOnly(status)));
    const Result<Answer> answer = world.Send("https://h/x");
    REQUIRE(answer.ok());
    CHECK(answer->response.body == "good");
    CHECK(answer->attempts == 3);
    CHECK(world.attempts.size() == 3);
  }
  World cut(Failing(1, RequestFailed(true, "the body was cut off")));
  CHECK(cut.Send("https://h/x")->attempts == 2);
}

TEST_CASE("what cannot pass is not") {
  for (const int status : {301, 304, 400, 401, 403, 404, 405, 410, 422}) {
    CAPTURE(status);
    World world(Failing(1, StatusOnly(status, {}, "{\"error\":\"no\tsuch\nthing\"}")));
    const Status failed = world.Send("https://h/x?token=abc").status();
    REQUIRE_FALSE(failed.ok());
    CHECK_FALSE(IsRetryable(failed));
    CHECK(ExitCodeOf(failed) == 1);
    CHECK(Contains(failed.message(), "GET https://h/x?token=***: the server answered"));
    if (status >= 400) CHECK(Contains(failed.message(), "{\"error\":\"no such thing\"}"));
    CHECK(world.attempts.size() == 1);
  }
  World refused(Failing(1, RequestFailed(false, "the certificate is not trusted")));
  CHECK_FALSE(IsRetryable(refused.Send("https://h/x").status()));
  CHECK(refused.attempts.size() == 1);
  World interrupted(Failing(1, Status::Cancelled("interrupted")));
  CHECK(interrupted.Send("https://h/x").status().IsCancelled());
}

TEST_CASE("attempts and time come to an end") {
  World world(Failing(100, StatusOnly(503)));
  const Status failed = world.Send("https://h/x").status();
  CHECK(IsRetryable(failed));
  CHECK(ExitCodeOf(failed) == 75);
  CHECK(Contains(failed.message(), "after 6 attempts: the server answered 503"));
  CHECK(world.transport->requests().size() == 6);
  CHECK_FALSE(world.attempts.back().wait);

  ClientOptions options;
  options.retry.elapsed_max = milliseconds(100'000);
  World hurried(Failing(100, StatusOnly(429, {{"retry-after", "60"}})), options);
  CHECK_FALSE(hurried.Send("https://h/x").ok());
  CHECK(hurried.transport->requests().size() == 2);
}

TEST_CASE("waits are fully jittered, doubled, capped, and fixed by the seed") {
  const auto waits = [](uint64_t seed, const std::string& url) {
    ClientOptions options;
    options.retry.attempts_max = 40;
    options.retry.elapsed_max = std::chrono::hours(10);
    options.retry.backoff_first = milliseconds(1000);
    options.retry.backoff_max = milliseconds(8000);
    options.retry.seed = seed;
    World world(Failing(100, StatusOnly(500)), options);
    CHECK_FALSE(world.Send(url).ok());
    return world.clock->slept();
  };
  const std::vector<milliseconds> first = waits(1, "https://h/x");
  REQUIRE(first.size() == 39);
  milliseconds sum(0);
  for (size_t i = 0; i < first.size(); ++i) {
    CHECK(first[i] <= milliseconds(i < 3 ? 1000 << i : 8000));
    sum += first[i];
  }
  CHECK(sum > milliseconds(39 * 2500));  // about half of the limit on average
  CHECK(sum < milliseconds(39 * 5500));
  CHECK(waits(1, "https://h/x") == first);
  CHECK(waits(2, "https://h/x") != first);
  CHECK(waits(1, "https://h/y") != first);
}

TEST_CASE("Retry-After is obeyed in both spellings and capped") {
  const auto wait = [](Headers headers) {
    ClientOptions options;
    options.retry.backoff_first = milliseconds(10);
    World world(Failing(1, StatusOnly(429, std::move(headers))), options);
    REQUIRE(world.Send("https://h/x").ok());
    return world.clock->Now() - Clock::Monotonic();
  };
  const auto about = [](std::chrono::nanoseconds waited, int seconds) {
    return waited >= std::chrono::seconds(seconds) &&
           waited <= std::chrono::seconds(seconds) + milliseconds(10);
  };
  CHECK(about(wait({{"retry-after", "7"}}), 7));
  CHECK(about(wait({{"retry-after", "86400"}}), 300));
  CHECK(about(wait({{"retry-after", "Mon, 01 Jan 2024 00:00:20 GMT"}}), 20));
  // The server's clock is an hour off, and it says so.
  CHECK(about(wait({{"retry-after", "Mon, 01 Jan 2024 01:00:20 GMT"},
                    {"date", "Mon, 01 Jan 2024 01:00:00 GMT"}}),
              20));
  CHECK(about(wait({{"retry-after", "whenever"}}), 0));
}

TEST_CASE("a host that asks for a rest gets it from everybody") {
  World world(Failing(1, StatusOnly(429, {{"retry-after", "30"}})));
  REQUIRE(world.Send("https://h/x").ok());
  world.limiter->PauseUntil("h", world.clock->Now() + milliseconds(4000));
  const auto before = world.clock->Now();
  REQUIRE(world.Send("https://h/y").ok());
  CHECK(world.clock->Now() - before == milliseconds(4000));
}

TEST_CASE("only what may be done twice is done twice") {
  World post(Failing(1, StatusOnly(503)));
  const Status failed = post.Send("https://h/x", "POST").status();
  CHECK(IsRetryable(failed));
  CHECK(post.transport->requests().size() == 1);
  SendOptions twice;
  twice.idempotent = true;
  World told(Failing(1, StatusOnly(503)));
  CHECK(told.Send("https://h/x", "POST", twice).ok());
  SendOptions once;
  once.idempotent = false;
  World get(Failing(1, StatusOnly(503)));
  CHECK_FALSE(get.Send("https://h/x", "GET", once).ok());
}

TEST_CASE("rules come before what statuses usually mean") {
  ClientOptions options;
  options.rules = {
      {Verdict::kIgnore, {{404, 404}, {410, 410}}, nullptr},
      {Verdict::kFail, {{500, 503}}, nullptr},
      {Verdict::kRetry,
       {{200, 299}},
       [](const Response& response) { return Contains(response.body, "try later"); }},
      {Verdict::kSuccess, {{418, 418}}, nullptr},
  };
  const auto verdict = [&](int status, const std::string& body) {
    World world(Failing(1, StatusOnly(status, {}, body)), options);
    const Result<Answer> answer = world.Send("https://h/x");
    if (!answer.ok()) return std::string("fail");
    return std::string(VerdictName(answer->verdict)) + " " + std::to_string(answer->attempts);
  };
  CHECK(verdict(404, "") == "ignore 1");
  CHECK(verdict(502, "") == "fail");
  CHECK(verdict(504, "") == "success 2");
  CHECK(verdict(200, "please try later") == "success 2");
  CHECK(verdict(200, "data") == "success 1");
  CHECK(verdict(418, "") == "success 1");
  CHECK(verdict(400, "") == "fail");
}

TEST_CASE("a rate is kept across requests") {
  ClientOptions options;
  options.rate = {4, 1};
  World world(Failing(0, StatusOnly(500)), options);
  for (int i = 0; i < 5; ++i) REQUIRE(world.Send("https://h/" + std::to_string(i)).ok());
  CHECK(world.clock->Now() - Clock::Monotonic() == milliseconds(1000));
}

TEST_CASE("errors and reports show no secret") {
  RegisterSecret("sesame-street-42");
  World world(Failing(9, StatusOnly(400, {}, "bad key sesame-street-42")));
  const Status failed = world.Send("https://h/sesame-street-42?x=1&sig=abc").status();
  CHECK_FALSE(Contains(failed.message(), "sesame"));
  CHECK_FALSE(Contains(failed.message(), "abc"));
  CHECK_FALSE(Contains(world.attempts.at(0).url, "sesame"));
  CHECK_FALSE(Contains(world.attempts.at(0).error, "sesame"));
  const std::string longer(1000, 'x');
  World wide(Failing(9, StatusOnly(400, {}, longer)));
  CHECK(wide.Send("https://h/").status().message().size() < 300);
}

TEST_CASE("options out of their range are refused") {
  ClientOptions attempts;
  attempts.retry.attempts_max = 0;
  ClientOptions rate;
  rate.rate.requests_per_second = -1;
  ClientOptions burst;
  burst.rate.burst = 0;
  ClientOptions home;
  home.home = "not a url";
  for (const ClientOptions& options : {attempts, rate, burst, home}) {
    CHECK(CodeOf(CheckClientOptions(options)) == ErrorCode::kBadValue);
  }
}

}  // namespace millrace::io::http
