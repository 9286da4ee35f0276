// One HTTP exchange: a request out, a response back. Transport is the seam that tests replace;
// retries, rate limits and auth are the client's (client.h).
//
// Thread-safety: a Transport may be used from any thread; the rest are values.
// Errors: IsRetryable tells what another attempt may cure (no connection, a timeout, a cut body)
// from what it cannot. An answer of the server is never an error here, whatever its status.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace millrace::io::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Whether `name` is the header `lower`, which is in lower case.
bool IsHeader(std::string_view name, std::string_view lower);

struct Request {
  std::string method = "GET";
  std::string url;
  Headers headers;
  /// Headers that go to the host of `url` alone: a redirect to another host, or from https to http,
  /// leaves them behind. So it does with Authorization and Cookie wherever they stand.
  Headers credentials;
  std::string body;
  bool keep_body = false;  // a redirect that would go on without the body is an error
};

struct Response {
  int status = 0;
  Headers headers;  // names in lower case, in the server's order
  std::string body;
  std::string url;  // the one that answered, after redirects
  /// The first header of that (lower-case) name, or nullptr.
  const std::string* Find(std::string_view name) const;
};

/// Takes a body as it comes. An error stops the exchange and is its result.
using BodySink = std::function<Status(std::string_view)>;

class Transport {
 public:
  virtual ~Transport() = default;
  /// One attempt, redirects included.
  virtual Result<Response> Send(const Request& request) = 0;
  /// As Send, but the body of a 2xx answer goes to `sink` and is not limited; other bodies stay in
  /// the response. When it fails the sink may have seen a part.
  virtual Result<Response> Stream(const Request& request, const BodySink& sink);
};

struct TransportOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds read_timeout{60'000};  // the longest wait without a byte
  int64_t body_bytes_max = 256 << 20;              // 1 or more
  int redirects_max = 5;                           // 0: none is followed
  std::string ca_file;                             // PEM; empty: the system's
  std::string user_agent = "millrace";
  /// Loopback, private, link-local and other addresses that are not of the public internet. Checked
  /// on the address that is connected to, so a name or a redirect cannot hide one.
  bool allow_private_addresses = false;
  std::string allow_private_key = "allow_private_addresses";  // what a config calls that
  const std::atomic<bool>* cancelled = nullptr;  // may be null; set: every exchange ends Cancelled
};

/// Over libcurl, which is loaded with the first call and never before: a run without HTTP does not
/// pay for it. HTTP/1.1, connections kept and reused; no proxy, cookie or .netrc of the
/// surroundings is used. User error when an option is out of its range or the CA file cannot be
/// read, IoFailed when libcurl is not there.
Result<std::shared_ptr<Transport>> MakeCurlTransport(TransportOptions options);

/// Whether another attempt may cure it.
bool IsRetryable(const Status& status);
/// The error of a request that had no usable answer. URLs in `message` must be redacted.
Status RequestFailed(bool retryable, std::string message, std::string suggestion = "");

}  // namespace millrace::io::http
