#include "io/object/exchange.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <mutex>
#include <random>
#include <thread>

#include "io/http/url.h"
#include "io/object/xml_text.h"

namespace millrace::io {
namespace {

// An endpoint that is dead shall be told within seconds, a slow one still be waited for.
constexpr std::chrono::milliseconds kConnectTimeout{2'000};
constexpr std::chrono::milliseconds kReadTimeout{20'000};
constexpr std::chrono::milliseconds kFirstWait{100};
constexpr std::chrono::milliseconds kLongestWait{5'000};

constexpr size_t kErrorBodyBytesMax = 4096;

/// S3 says of a body that came too slowly that the request is a bad one (400), and a copy or the
/// end of an upload that fails on its way has answered 200 before.
bool SaysTryAgain(const http::Response& response) {
  if (response.body.size() > kErrorBodyBytesMax) return false;
  if (response.status != 200 && response.status != 400) return false;
  if (XmlElements(response.body, "Error").empty()) return false;
  const std::string code = XmlText(response.body, "Code");
  if (response.status == 400) return code == "RequestTimeout";
  return code == "InternalError" || code == "SlowDown" || code == "ServiceUnavailable" ||
         code == "RequestTimeout";
}

bool MayPass(const http::Response& response) {
  const int status = response.status;
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504 || SaysTryAgain(response);
}

}  // namespace

struct Exchange::State {
  http::TransportOptions options;
  int retries = 0;
  Sign sign;
  std::mutex mutex;
  std::shared_ptr<http::Transport> transport;

  Result<std::shared_ptr<http::Transport>> Transport() {
    std::lock_guard<std::mutex> lock(mutex);
    if (transport) return transport;
    ARROW_ASSIGN_OR_RAISE(transport, http::MakeCurlTransport(options));
    return transport;
  }

  // The wait has nothing to do with what is read: its randomness is not the engine's seeded one.
  void Wait(int attempt) const {
    thread_local std::minstd_rand random{std::random_device{}()};
    auto longest = kFirstWait * (1 << std::min(attempt, 10));
    longest = std::min<std::chrono::milliseconds>(longest, kLongestWait);
    std::this_thread::sleep_for(longest / 2 + longest * (random() % 512) / 1024);
  }

  Result<http::Response> Run(
      const http::Request& request,
      const std::function<Result<http::Response>(http::Transport&, const http::Request&)>& once) {
    ARROW_ASSIGN_OR_RAISE(const auto via, Transport());
    for (int attempt = 0;; ++attempt) {
      http::Request signed_request = request;
      if (sign) ARROW_RETURN_NOT_OK(sign(&signed_request));
      Result<http::Response> response = once(*via, signed_request);
      const bool again =
          response.ok() ? MayPass(*response)
                        : !response.status().IsCancelled() && http::IsRetryable(response.status());
      if (!again || attempt >= retries) return response;
      Wait(attempt);
    }
  }
};

Exchange::Exchange(const StorageEntry& entry, const std::atomic<bool>* cancelled, int redirects_max,
                   Sign sign)
    : state_(std::make_unique<State>()) {
  http::TransportOptions& options = state_->options;
  options.connect_timeout = kConnectTimeout;
  options.read_timeout = kReadTimeout;
  options.redirects_max = redirects_max;
  options.ca_file = entry.ca_file;
  options.allow_private_addresses = entry.allow_private_addresses || !entry.endpoint.empty();
  options.cancelled = cancelled;
  state_->retries = entry.retries;
  state_->sign = std::move(sign);
}
Exchange::~Exchange() = default;

Result<http::Response> Exchange::Send(const http::Request& request, int* attempts) {
  return state_->Run(request,
                     [attempts](http::Transport& transport, const http::Request& signed_request) {
                       if (attempts != nullptr) ++*attempts;
                       return transport.Send(signed_request);
                     });
}

Result<http::Response> Exchange::Fetch(const http::Request& request, int64_t bytes_expected,
                                       std::string* body) {
  const auto restart = [body, bytes_expected] {
    body->clear();
    body->reserve(static_cast<size_t>(bytes_expected));
    return Status::OK();
  };
  return Stream(request, restart, [body](std::string_view bytes) {
    body->append(bytes);
    return Status::OK();
  });
}

Result<http::Response> Exchange::Stream(const http::Request& request,
                                        const std::function<Status()>& restart,
                                        const http::BodySink& sink) {
  return state_->Run(request,
                     [&](http::Transport& transport,
                         const http::Request& signed_request) -> Result<http::Response> {
                       ARROW_RETURN_NOT_OK(restart());
                       return transport.Stream(signed_request, sink);
                     });
}

int64_t ParseLength(const std::string* text) {
  if (text == nullptr) return -1;
  int64_t value = -1;
  const char* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, value);
  return error == std::errc() && at == end && value >= 0 ? value : -1;
}

int64_t ParseTime(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (rest == nullptr) {
    parts = {};
    rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  }
  if (rest == nullptr) return 0;
  int64_t ns = int64_t{::timegm(&parts)} * 1'000'000'000;
  int64_t unit = 100'000'000;
  for (rest += *rest == '.'; *rest >= '0' && *rest <= '9' && unit > 0; ++rest, unit /= 10) {
    ns += (*rest - '0') * unit;
  }
  return ns;
}

std::string EncodedKey(const std::string& key) {
  std::string out;
  for (size_t at = 0; at <= key.size();) {
    const size_t end = std::min(key.find('/', at), key.size());
    out += '/' + http::PercentEncode(key.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

ObjectInfo InfoOf(const std::string& key, const http::Response& response) {
  ObjectInfo info;
  info.key = key;
  info.bytes = std::max<int64_t>(ParseLength(response.Find("content-length")), 0);
  if (const std::string* time = response.Find("last-modified")) info.mtime_ns = ParseTime(*time);
  if (const std::string* etag = response.Find("etag")) info.etag = Unquoted(*etag);
  return info;
}

std::string Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

}  // namespace millrace::io
