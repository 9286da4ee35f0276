// HTTP as a source needs it: requests that are authenticated, limited in their rate, tried again
// where that may help, and judged by rules.
//
// Thread-safety: a Client may be used from any thread.
// Errors: IsRetryable tells whether the attempts were used up on something that may pass, or the
// server refused for good. Messages show URLs and bodies redacted.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/http/auth.h"
#include "io/http/clock.h"
#include "io/http/rate_limiter.h"
#include "io/http/rules.h"
#include "io/http/transport.h"

namespace millrace::io::http {

struct RetryOptions {
  int attempts_max = 6;                                // 1: none is made again
  std::chrono::milliseconds elapsed_max{600'000};      // no attempt begins later than that
  std::chrono::milliseconds backoff_first{500};        // before the second attempt, at most
  std::chrono::milliseconds backoff_max{60'000};       // doubled up to this
  std::chrono::milliseconds retry_after_max{300'000};  // a longer Retry-After is cut down to this
  /// Of the jitter; unset: drawn by chance, so that clients that failed together do not come back
  /// together. Nothing that is written depends on it.
  std::optional<uint64_t> seed;
};

/// One attempt, as told to an observer.
struct Attempt {
  std::string method, url;  // redacted
  int number = 1;
  int status = 0;                                 // 0: there was no answer
  std::string error;                              // why there was none, or none that could be used
  std::optional<std::chrono::milliseconds> wait;  // before the next one, where there is one
};

struct ClientOptions {
  /// Only requests to this URL's host (MayCarryCredentials) are authenticated and carry the
  /// `credentials`, Authorization and Cookie headers they come with. Empty: any host's do.
  std::string home;
  std::shared_ptr<Authenticator> auth;  // may be null
  Rate rate;
  RetryOptions retry;
  std::vector<ResponseRule> rules;
  std::function<void(const Attempt&)> on_attempt;  // may be empty; called from any thread
};

struct SendOptions {
  /// Whether the request may be made twice. Unset: the method says so (GET, HEAD, OPTIONS, PUT,
  /// DELETE).
  std::optional<bool> idempotent;
};

struct Answer {
  Response response;                    // its URL without what the auth put into it
  Verdict verdict = Verdict::kSuccess;  // kSuccess or kIgnore
  int attempts = 1;
};

class Client {
 public:
  /// The limiter is shared by all clients of a run.
  Client(std::shared_ptr<Transport> transport, std::shared_ptr<RateLimiter> limiter,
         std::shared_ptr<Clock> clock, ClientOptions options);

  Result<Answer> Send(const Request& request, const SendOptions& sending = SendOptions());

 private:
  class Exchange;

  std::shared_ptr<Transport> transport_;
  std::shared_ptr<RateLimiter> limiter_;
  std::shared_ptr<Clock> clock_;
  ClientOptions options_;
  uint64_t seed_ = 0;
};

/// User error for options out of their range or a `home` that is no URL.
Status CheckClientOptions(const ClientOptions& options);

}  // namespace millrace::io::http
