#include "io/http/client.h"

#include <xxhash.h>

#include <algorithm>
#include <random>

#include "base/log.h"
#include "io/http/http_date.h"
#include "io/http/redirect.h"
#include "io/http/url.h"

namespace millrace::io::http {
namespace {

using std::chrono::milliseconds;

bool IsIdempotent(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

/// At most `limit`, from 0, by chance that a seed, a URL and a number fix.
milliseconds Jitter(uint64_t seed, const std::string& url, int number, milliseconds limit) {
  const uint64_t spread = static_cast<uint64_t>(number) * 0x9E3779B97F4A7C15;
  const uint64_t hash = XXH3_64bits_withSeed(url.data(), url.size(), seed ^ spread);
  const double fraction = static_cast<double>(hash >> 11) * 0x1.0p-53;
  return milliseconds(static_cast<int64_t>(fraction * static_cast<double>(limit.count())));
}

/// The start of an error's body, for a message: on one line, without secrets.
std::string Excerpt(const std::string& body) {
  constexpr size_t kBytesMax = 200;
  std::string text = Redact(body.substr(0, 4 * kBytesMax));  // a secret at the cut is seen whole
  if (text.size() > kBytesMax) {
    size_t end = kBytesMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "...";
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
  }
  return text;
}

}  // namespace

/// One request from its first attempt to its end.
class Client::Exchange {
 public:
  Exchange(Client* client, const Request& request, const SendOptions& sending)
      : client_(client),
        request_(request),
        shown_(request.method + " " + RedactUrl(request.url)),
        repeatable_(sending.idempotent.value_or(IsIdempotent(request.method))),
        started_(client->clock_->Now()) {}

  Result<Answer> Run() {
    ARROW_RETURN_NOT_OK(Prepare());
    for (;;) {
      ++number_;
      ARROW_RETURN_NOT_OK(client_->limiter_->Wait(host_, options().rate));
      Request authorised = request_;
      int64_t edition = 0;
      if (at_home_ && options().auth) {
        ARROW_ASSIGN_OR_RAISE(edition, options().auth->Apply(&authorised));
      }
      Result<Response> response = client_->transport_->Send(authorised);
      ARROW_ASSIGN_OR_RAISE(const bool renewed, Renewed(response, edition));
      if (renewed) continue;
      if (response.ok()) {
        const Verdict verdict = Judge(options().rules, *response);
        if (verdict == Verdict::kSuccess || verdict == Verdict::kIgnore) {
          return Accept(std::move(*response), authorised, verdict);
        }
      }
      const Status failure = FailureOf(response);
      const std::optional<milliseconds> wait = WaitBeforeNext(response, failure);
      Tell(response.ok() ? response->status : 0, failure.message(), wait);
      if (!wait) return GiveUp(failure);
      ARROW_RETURN_NOT_OK(client_->clock_->SleepUntil(client_->clock_->Now() + *wait));
    }
  }

 private:
  const ClientOptions& options() const { return client_->options_; }

  Status Prepare() {
    ARROW_ASSIGN_OR_RAISE(const Url url, ParseUrl(request_.url));
    host_ = url.host;
    if (!options().home.empty()) {
      ARROW_ASSIGN_OR_RAISE(const Url home, ParseUrl(options().home));
      at_home_ = MayCarryCredentials(home, url);
      if (!at_home_) StripCredentials(&request_);
    }
    return Status::OK();
  }

  /// After the first 401: whether there is something new to prove oneself with.
  Result<bool> Renewed(const Result<Response>& response, int64_t edition) {
    const bool refused = response.ok() && response->status == 401;
    if (!refused || renewed_ || !at_home_ || !options().auth) return false;
    renewed_ = true;
    ARROW_ASSIGN_OR_RAISE(const bool renewed, options().auth->Renew(edition));
    if (renewed) Tell(401, "refused; authenticating anew", milliseconds(0));
    return renewed;
  }

  Answer Accept(Response response, const Request& authorised, Verdict verdict) {
    Tell(response.status, "", std::nullopt);
    Answer answer;
    if (response.url == authorised.url) response.url = request_.url;
    // A server may have echoed a key into the link that was followed.
    if (options().auth) response.url = options().auth->WithoutSecrets(response.url);
    answer.response = std::move(response);
    answer.verdict = verdict;
    answer.attempts = number_;
    return answer;
  }

  Status FailureOf(const Result<Response>& response) {
    if (!response.ok()) return response.status();
    const bool passing = Judge(options().rules, *response) == Verdict::kRetry;
    std::string message = "the server answered " + std::to_string(response->status);
    if (response->status >= 400 && !response->body.empty()) {
      message += ": " + Excerpt(response->body);
    }
    std::string suggestion;
    if (response->status == 401 || response->status == 403) {
      suggestion = at_home_ ? "check `auth` and the rights of the account behind it"
                            : "credentials are sent to " + options().home + " alone";
    }
    return RequestFailed(passing, std::move(message), std::move(suggestion));
  }

  /// Nothing when no further attempt is to be made.
  std::optional<milliseconds> WaitBeforeNext(const Result<Response>& response,
                                             const Status& failure) {
    const RetryOptions& retry = options().retry;
    if (!IsRetryable(failure) || !repeatable_ || number_ >= retry.attempts_max) {
      return std::nullopt;
    }
    milliseconds limit = retry.backoff_first;
    for (int doubled = 1; doubled < number_ && limit < retry.backoff_max; ++doubled) limit *= 2;
    milliseconds wait =
        Jitter(client_->seed_, request_.url, number_, std::min(limit, retry.backoff_max));
    if (const std::optional<milliseconds> asked = AskedFor(response)) {
      const milliseconds rest = std::min(*asked, retry.retry_after_max);
      client_->limiter_->PauseUntil(host_, client_->clock_->Now() + rest);
      wait = rest + Jitter(client_->seed_, request_.url, number_, retry.backoff_first);
    }
    if (client_->clock_->Now() + wait - started_ > retry.elapsed_max) return std::nullopt;
    return wait;
  }

  /// A date is seen from the server's own clock where it tells it.
  std::optional<milliseconds> AskedFor(const Result<Response>& response) {
    const std::string* text = response.ok() ? response->Find("retry-after") : nullptr;
    if (text == nullptr) return std::nullopt;
    const std::string* date = response->Find("date");
    const auto now = date == nullptr ? std::nullopt : ParseHttpDate(*date);
    return ParseRetryAfter(*text, now.value_or(client_->clock_->WallNow()));
  }

  Status GiveUp(const Status& failure) {
    std::string context = shown_;
    if (number_ > 1) context += ", after " + std::to_string(number_) + " attempts";
    return WithContext(failure, context);
  }

  void Tell(int status, const std::string& error, std::optional<milliseconds> wait) {
    Log(wait ? LogLevel::kWarning : LogLevel::kInfo,  // a last failure is the caller's to report
        "http_attempt",
        {{"request", shown_},
         {"attempt", std::to_string(number_)},
         {"status", std::to_string(status)},
         {"error", error},
         {"wait_ms", wait ? std::to_string(wait->count()) : ""}});
    if (!options().on_attempt) return;
    options().on_attempt({request_.method, RedactUrl(request_.url), number_, status, error, wait});
  }

  Client* client_;
  Request request_;
  const std::string shown_;
  const bool repeatable_;
  const Clock::Monotonic started_;
  std::string host_;
  bool at_home_ = true;
  bool renewed_ = false;
  int number_ = 0;
};

Client::Client(std::shared_ptr<Transport> transport, std::shared_ptr<RateLimiter> limiter,
               std::shared_ptr<Clock> clock, ClientOptions options)
    : transport_(std::move(transport)),
      limiter_(std::move(limiter)),
      clock_(std::move(clock)),
      options_(std::move(options)),
      seed_(options_.retry.seed ? *options_.retry.seed : std::random_device()()) {}

Result<Answer> Client::Send(const Request& request, const SendOptions& sending) {
  return Exchange(this, request, sending).Run();
}

Status CheckClientOptions(const ClientOptions& options) {
  const RetryOptions& retry = options.retry;
  if (!options.home.empty()) ARROW_RETURN_NOT_OK(ParseUrl(options.home).status());
  const milliseconds zero(0);
  if (retry.attempts_max < 1 || retry.elapsed_max < zero || retry.backoff_first < zero ||
      retry.backoff_max < zero || retry.retry_after_max < zero) {
    return MakeError(ErrorCode::kBadValue,
                     "retries need at least one attempt, and waits cannot be negative");
  }
  if (!(options.rate.requests_per_second >= 0) || options.rate.burst < 1) {
    return MakeError(ErrorCode::kBadValue,
                     "a rate cannot be negative, and its burst is at least one request");
  }
  return Status::OK();
}

}  // namespace millrace::io::http
