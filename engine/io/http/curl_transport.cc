#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "io/http/address.h"
#include "io/http/curl_library.h"
#include "io/http/redirect.h"
#include "io/http/transport.h"
#include "io/http/url.h"

namespace millrace::io::http {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kHeaderBytesMax = 256 << 10;
constexpr long kReceiveBytes = 256 << 10;  // libcurl's own 16 KiB cost large bodies many calls

/// Handles that are not in use; each keeps its connections, so a next request finds them open.
class HandlePool {
 public:
  explicit HandlePool(const CurlLibrary* curl) : curl_(curl) {}
  ~HandlePool() {
    for (CURL* handle : idle_) curl_->easy_cleanup(handle);
  }
  HandlePool(const HandlePool&) = delete;
  HandlePool& operator=(const HandlePool&) = delete;

  CURL* Take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return curl_->easy_init();
    CURL* handle = idle_.back();
    idle_.pop_back();
    return handle;
  }
  void GiveBack(CURL* handle) {
    curl_->easy_reset(handle);
    std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(handle);
  }

 private:
  const CurlLibrary* curl_;
  std::mutex mutex_;
  std::vector<CURL*> idle_;
};

/// One exchange as libcurl's callbacks see it.
struct Call {
  const CurlLibrary* curl = nullptr;
  const TransportOptions* options = nullptr;
  const BodySink* sink = nullptr;  // may be null
  CURL* handle = nullptr;
  Response response;
  bool repeatable = false;  // by libcurl itself
  int times_sent = 0;
  size_t header_bytes = 0;
  bool head_complete = false;
  Status stopped;               // why a callback ended the exchange
  std::string refused_address;  // the last one that was not connected to
  curl_off_t bytes_seen = -1;
  Clock::time_point last_byte;
};

curl_socket_t OnSocket(void* context, curlsocktype, curl_sockaddr* address) {
  Call& call = *static_cast<Call*>(context);
  if (!call.options->allow_private_addresses && IsPrivateAddress(address->addr)) {
    call.refused_address = FormatAddress(address->addr);
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Called before a request goes out. libcurl sends it a second time, whatever the method, when a
/// kept connection ends without an answer. That is welcome where the method allows it; of a PUT on
/// condition and the like the caller has to know.
int OnRequest(void* context, char*, char*, int, int) {
  Call& call = *static_cast<Call*>(context);
  if (++call.times_sent == 1 || call.repeatable) return CURL_PREREQFUNC_OK;
  call.stopped = RequestFailed(true, "the connection was closed without an answer");
  return CURL_PREREQFUNC_ABORT;
}

void AddHeader(std::string_view line, Response* response) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.substr(0, 5) == "HTTP/") {  // a new answer: what came before was informational
    response->headers.clear();
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(line.substr(0, colon));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  line.remove_prefix(colon + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  response->headers.emplace_back(std::move(name), std::string(line));
}

size_t OnHeader(char* bytes, size_t size, size_t count, void* context) {
  Call& call = *static_cast<Call*>(context);
  call.header_bytes += size * count;
  if (call.header_bytes > kHeaderBytesMax) {
    call.stopped = RequestFailed(false, "the headers of the answer are larger than 256 KiB");
    return 0;
  }
  const std::string_view line(bytes, size * count);
  if (line.substr(0, 5) == "HTTP/") call.head_complete = false;
  if (line == "\r\n" || line == "\n") call.head_complete = true;
  AddHeader(line, &call.response);
  return size * count;
}

Status TakeBody(std::string_view bytes, Call* call) {
  long status = 0;
  call->curl->easy_getinfo(call->handle, CURLINFO_RESPONSE_CODE, &status);
  if (call->sink != nullptr && status >= 200 && status < 300) return (*call->sink)(bytes);
  const auto bytes_max = static_cast<size_t>(call->options->body_bytes_max);
  if (bytes.size() > bytes_max - call->response.body.size()) {
    return RequestFailed(
        false, "the body of the answer is larger than " + std::to_string(bytes_max) + " bytes");
  }
  call->response.body += bytes;
  return Status::OK();
}

size_t OnBody(char* bytes, size_t size, size_t count, void* context) {
  Call& call = *static_cast<Call*>(context);
  call.stopped = TakeBody({bytes, size * count}, &call);
  return call.stopped.ok() ? size * count : 0;
}

/// Called by libcurl at least once a second: the place to notice silence and an interrupt.
int OnProgress(void* context, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  Call& call = *static_cast<Call*>(context);
  if (call.options->cancelled != nullptr && *call.options->cancelled) {
    call.stopped = Status::Cancelled("interrupted");
    return 1;
  }
  const Clock::time_point now = Clock::now();
  const curl_off_t bytes = received + sent + static_cast<curl_off_t>(call.header_bytes);
  if (bytes != call.bytes_seen) {
    call.bytes_seen = bytes;
    call.last_byte = now;
  } else if (now - call.last_byte > call.options->connect_timeout + call.options->read_timeout ||
             (call.bytes_seen > 0 && now - call.last_byte > call.options->read_timeout)) {
    call.stopped = RequestFailed(
        true, "no byte came for " + std::to_string(call.options->read_timeout.count()) + " ms");
    return 1;
  }
  return 0;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

/// A line break inside a header would smuggle in another one.
Status CheckHeader(const std::string& name, const std::string& value) {
  if (!IsToken(name)) {
    return MakeError(ErrorCode::kBadValue, "`" + name + "` cannot be the name of a header");
  }
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    return MakeError(ErrorCode::kBadValue,
                     "the value of the header `" + name + "` has a line break or a NUL in it");
  }
  return Status::OK();
}

bool IsContentType(const std::pair<std::string, std::string>& header) {
  return IsHeader(header.first, "content-type");
}

class CurlTransport : public Transport {
 public:
  CurlTransport(const CurlLibrary* curl, TransportOptions options)
      : curl_(curl), options_(std::move(options)), pool_(curl) {}

  Result<Response> Send(const Request& request) override {
    return FollowRedirects(request, options_.redirects_max,
                           [&](const Request& hop) { return Exchange(hop, nullptr); });
  }
  Result<Response> Stream(const Request& request, const BodySink& sink) override {
    return FollowRedirects(request, options_.redirects_max,
                           [&](const Request& hop) { return Exchange(hop, &sink); });
  }

 private:
  Result<Response> Exchange(const Request& request, const BodySink* sink) {
    ARROW_ASSIGN_OR_RAISE(const Url url, ParseUrl(request.url));
    if (!IsToken(request.method)) {
      return MakeError(ErrorCode::kBadValue, "`" + request.method + "` is not an HTTP method");
    }
    if (options_.cancelled != nullptr && *options_.cancelled) {
      return Status::Cancelled("interrupted");
    }
    curl_slist* list = nullptr;
    const Status listed = ListHeaders(request, &list);
    Result<Response> response =
        listed.ok() ? Perform(request, url.ToString(), list, sink) : Result<Response>(listed);
    curl_->slist_free_all(list);
    return response;
  }

  Status ListHeaders(const Request& request, curl_slist** list) {
    for (const Headers* headers : {&request.headers, &request.credentials}) {
      for (const auto& [name, value] : *headers) {
        ARROW_RETURN_NOT_OK(CheckHeader(name, value));
        const std::string line = name + (value.empty() ? ";" : ": " + value);
        *list = curl_->slist_append(*list, line.c_str());
      }
    }
    *list = curl_->slist_append(*list, "Expect:");  // no second round trip before a body
    if (std::none_of(request.headers.begin(), request.headers.end(), IsContentType)) {
      *list = curl_->slist_append(*list, "Content-Type:");  // libcurl would call it a form
    }
    return Status::OK();
  }

  Result<Response> Perform(const Request& request, const std::string& url, curl_slist* headers,
                           const BodySink* sink) {
    Call call;
    call.curl = curl_;
    call.options = &options_;
    call.sink = sink;
    call.last_byte = Clock::now();
    call.handle = pool_.Take();
    if (call.handle == nullptr) {
      return MakeError(ErrorCode::kMemoryLimit, "no memory for a connection");
    }
    SetOptions(call.handle, url, headers, &call);
    call.repeatable = request.method == "GET" || request.method == "HEAD";
    SetMethod(call.handle, request);
    const CURLcode code = curl_->easy_perform(call.handle);
    long status = 0;
    curl_->easy_getinfo(call.handle, CURLINFO_RESPONSE_CODE, &status);
    pool_.GiveBack(call.handle);
    if (code != CURLE_OK) return WithContext(Failure(code, call), RedactUrl(url));
    if (!call.head_complete) {  // libcurl takes a head that was cut off for a whole one
      return RequestFailed(true, RedactUrl(url) + ": the answer was cut off in its headers");
    }
    call.response.status = static_cast<int>(status);
    return std::move(call.response);
  }

  void SetOptions(CURL* handle, const std::string& url, curl_slist* headers, Call* call) {
    const auto set = curl_->easy_setopt;
    set(handle, CURLOPT_URL, url.c_str());
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(handle, CURLOPT_HTTPHEADER, headers);
    set(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(handle, CURLOPT_PROXY, "");
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_BUFFERSIZE, kReceiveBytes);
    set(handle, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle, CURLOPT_PATH_AS_IS, 1L);
    set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    if (!options_.ca_file.empty()) {
      set(handle, CURLOPT_CAINFO, options_.ca_file.c_str());
      set(handle, CURLOPT_CAPATH, nullptr);
    }
    set(handle, CURLOPT_OPENSOCKETFUNCTION, &OnSocket);
    set(handle, CURLOPT_OPENSOCKETDATA, call);
    set(handle, CURLOPT_PREREQFUNCTION, &OnRequest);
    set(handle, CURLOPT_PREREQDATA, call);
    set(handle, CURLOPT_HEADERFUNCTION, &OnHeader);
    set(handle, CURLOPT_HEADERDATA, call);
    set(handle, CURLOPT_WRITEFUNCTION, &OnBody);
    set(handle, CURLOPT_WRITEDATA, call);
    set(handle, CURLOPT_NOPROGRESS, 0L);
    set(handle, CURLOPT_XFERINFOFUNCTION, &OnProgress);
    set(handle, CURLOPT_XFERINFODATA, call);
  }

  void SetMethod(CURL* handle, const Request& request) {
    const auto set = curl_->easy_setopt;
    if (request.method == "HEAD") {
      set(handle, CURLOPT_NOBODY, 1L);
      return;
    }
    const bool sends_body = request.method == "POST" || request.method == "PUT" ||
                            request.method == "PATCH" || !request.body.empty();
    if (sends_body) {
      set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(handle, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    // A server may be about to close a kept connection; nobody may be able to send this again.
    if (request.method == "POST") set(handle, CURLOPT_FRESH_CONNECT, 1L);
    if (sends_body ? request.method != "POST" : request.method != "GET") {
      set(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  Status Failure(CURLcode code, const Call& call) {
    if (!call.stopped.ok()) return call.stopped;
    if (!call.refused_address.empty() && code == CURLE_COULDNT_CONNECT) {
      return MakeError(
          ErrorCode::kBadValue,
          "the host's address " + call.refused_address + " is not of the public internet",
          "set `" + options_.allow_private_key + ": true` if this host is meant");
    }
    const std::string why = curl_->easy_strerror(code);
    switch (code) {
      case CURLE_OPERATION_TIMEDOUT:
        return RequestFailed(true, "no connection within " +
                                       std::to_string(options_.connect_timeout.count()) + " ms");
      case CURLE_PARTIAL_FILE:
        return RequestFailed(true, "the body was cut off before its end");
      case CURLE_PEER_FAILED_VERIFICATION:
        return RequestFailed(false, "the server's certificate is not trusted: " + why,
                             "name the PEM file of its authority as the CA file");
      case CURLE_UNSUPPORTED_PROTOCOL:  // the URL's was checked: libcurl means HTTP/0.9
      case CURLE_WEIRD_SERVER_REPLY:
        return RequestFailed(true, "the answer is not HTTP");
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_CONNECT:
      case CURLE_GOT_NOTHING:
      case CURLE_SEND_ERROR:
      case CURLE_RECV_ERROR:
      case CURLE_SSL_CONNECT_ERROR:
      case CURLE_AGAIN:
        return RequestFailed(true, why);
      case CURLE_OUT_OF_MEMORY:
        return MakeError(ErrorCode::kMemoryLimit, why);
      default:
        return RequestFailed(false, why);
    }
  }

  const CurlLibrary* curl_;
  const TransportOptions options_;
  HandlePool pool_;
};

/// Where systems keep their authorities: the libcurl that is used may come from another one.
std::string SystemCaFile() {
  if (const char* named = std::getenv("SSL_CERT_FILE"); named != nullptr && *named != '\0') {
    return named;
  }
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (::access(path, R_OK) == 0) return path;
  }
  return "";
}

Status CheckOptions(const TransportOptions& options) {
  if (options.connect_timeout.count() < 1 || options.read_timeout.count() < 1) {
    return MakeError(ErrorCode::kBadValue, "HTTP timeouts are at least one millisecond");
  }
  if (options.body_bytes_max < 1 || options.redirects_max < 0) {
    return MakeError(ErrorCode::kBadValue,
                     "the largest body is at least one byte, and redirects cannot be negative");
  }
  ARROW_RETURN_NOT_OK(CheckHeader("User-Agent", options.user_agent));
  if (!options.ca_file.empty() && !std::ifstream(options.ca_file).good()) {
    return MakeError(ErrorCode::kUnreadablePath,
                     "the CA file `" + options.ca_file + "` cannot be read");
  }
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<Transport>> MakeCurlTransport(TransportOptions options) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  ARROW_ASSIGN_OR_RAISE(const CurlLibrary* curl, LoadCurl());
  if (options.ca_file.empty()) options.ca_file = SystemCaFile();
  return std::make_shared<CurlTransport>(curl, std::move(options));
}

}  // namespace millrace::io::http
