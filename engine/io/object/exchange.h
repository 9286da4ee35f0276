// Requests to an object store or a web server, repeated where another attempt may cure it: no
// answer, a cut body, 408, 429, 5xx, and errors inside of a 200 or 400 that say so. Between
// attempts it waits a random part of a growing time.
//
// Thread-safety: an Exchange may be used from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/http/transport.h"
#include "io/object/object_client.h"
#include "io/object/storage_options.h"

namespace millrace::io {

/// Adds what authenticates; called before every attempt, for signatures hold a time.
using Sign = std::function<Status(http::Request*)>;

class Exchange {
 public:
  /// Loads the HTTP library with the first request, not before.
  Exchange(const StorageEntry& entry, const std::atomic<bool>* cancelled, int redirects_max,
           Sign sign);
  ~Exchange();

  /// The last answer, of whatever status. IoFailed when there was none. `attempts` may be null.
  Result<http::Response> Send(const http::Request& request, int* attempts = nullptr);
  /// As Send; a 2xx body is appended to `body`, which is emptied before every attempt.
  Result<http::Response> Fetch(const http::Request& request, int64_t bytes_expected,
                               std::string* body);
  /// As Send, the body of a 2xx answer to `sink`; `restart` comes before every attempt.
  Result<http::Response> Stream(const http::Request& request,
                                const std::function<Status()>& restart, const http::BodySink& sink);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The number of a decimal text, or -1.
int64_t ParseLength(const std::string* text);
/// Nanoseconds since 1970 of "Tue, 24 Nov 2026 23:41:40 GMT" or "2026-11-24T23:41:40.123Z"; 0 when
/// it is neither.
int64_t ParseTime(const std::string& text);
/// "/a/b%20c" of "a/b c".
std::string EncodedKey(const std::string& key);
/// Size, time and ETag by an answer's headers.
ObjectInfo InfoOf(const std::string& key, const http::Response& response);
/// An ETag without its quotes.
std::string Unquoted(std::string_view etag);

}  // namespace millrace::io
