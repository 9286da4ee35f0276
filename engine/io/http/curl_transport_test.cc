#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "io/http/testing/raw_server.h"
#include "io/http/transport.h"

namespace millrace::io::http {
namespace {

std::shared_ptr<Transport> LocalTransport(TransportOptions options = {}) {
  options.allow_private_addresses = true;
  return *MakeCurlTransport(std::move(options));
}

Request Get(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

std::string Ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a request goes out as it is and the answer comes back whole") {
  RawServer server(
      [](const std::string&) { return Ok("hello", "X-Thing:  a \r\nx-thing: b\r\n"); });
  Request request = Get(server.url("/a b?x=1"));
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  request.credentials = {{"Authorization", "Bearer t"}};
  request.body = std::string("{\"a\":\0}", 7);
  const Result<Response> response = LocalTransport()->Send(request);
  REQUIRE(response.ok());
  CHECK(response->status == 200);
  CHECK(response->body == "hello");
  CHECK(*response->Find("x-thing") == "a");
  CHECK(response->Find("X-Thing") == nullptr);
  CHECK(response->headers.size() == 3);
  CHECK(response->url == server.url("/a b?x=1"));
  const std::string sent = server.requests().at(0);
  CHECK(Contains(sent, "POST /a%20b?x=1 HTTP/1.1\r\n"));
  CHECK(Contains(sent, "\r\nContent-Type: application/json\r\n"));
  CHECK(Contains(sent, "\r\nX-Empty:\r\n"));
  CHECK(Contains(sent, "\r\nAuthorization: Bearer t\r\n"));
  CHECK(Contains(sent, "\r\nUser-Agent: millrace\r\n"));
  CHECK(sent.substr(sent.size() - 7) == request.body);
}

TEST_CASE("every method is sent as such") {
  // The server says that it closes: a connection must not be taken for a kept one while it does.
  RawServer server([](const std::string& request) {
    const std::string close = "Connection: close\r\n";
    return request.rfind("HEAD", 0) == 0
               ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n" + close + "\r\n"
               : Ok("", close);
  });
  const auto transport = LocalTransport();
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "POST"}) {
    CAPTURE(method);
    Request request = Get(server.url());
    request.method = method;
    REQUIRE(transport->Send(request).ok());
    CHECK(server.requests().back().rfind(std::string(method) + " / HTTP", 0) == 0);
  }
}

TEST_CASE("statuses are answers, not errors, and informational ones are skipped") {
  RawServer server([](const std::string&) {
    return "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 Busy\r\n"
           "Retry-After: 7\r\nContent-Length: 2\r\n\r\nno";
  });
  const Result<Response> response = LocalTransport()->Send(Get(server.url()));
  REQUIRE(response.ok());
  CHECK(response->status == 503);
  CHECK(response->body == "no");
  CHECK(*response->Find("retry-after") == "7");
  CHECK(response->Find("link") == nullptr);
}

TEST_CASE("cut, broken and empty answers are errors that a retry may cure") {
  for (const std::string answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "", "HTTP/1.1 200 OK\r\nConte",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        "\x16\x03\x01 garbage\r\n\r\n"}) {
    CAPTURE(answer);
    RawServer server([&](const std::string&) { return answer; });
    const Result<Response> response = LocalTransport()->Send(Get(server.url()));
    REQUIRE_FALSE(response.ok());
    CAPTURE(response.status().message());
    CHECK(IsRetryable(response.status()));
    CHECK(KindOf(response.status()) == ErrorKind::kEnvironment);
  }
}

TEST_CASE("only GET and HEAD are sent again when a kept connection ends without an answer") {
  for (const std::string method : {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"}) {
    CAPTURE(method);
    std::atomic<int> asked{0};
    const std::string empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    RawServer server([&](const std::string&) { return ++asked == 2 ? "" : empty; },
                     /*keep_connections=*/true);
    {
      const auto transport = LocalTransport();
      Request request = Get(server.url());
      REQUIRE(transport->Send(request).ok());
      request.method = method;
      if (method == "GET" || method == "HEAD") {
        CHECK(transport->Send(request).ok());
        CHECK(asked == 3);
      } else if (method != "POST") {
        const Result<Response> lost = transport->Send(request);
        REQUIRE_FALSE(lost.ok());
        CHECK(IsRetryable(lost.status()));
        CHECK(asked == 2);
      }
    }  // the server waits for the end of the connection
  }
}

TEST_CASE("a POST waits for no kept connection that may be about to end") {
  RawServer server([](const std::string& request) {
    return request.rfind("POST", 0) == 0 && request.find("again") == std::string::npos ? ""
                                                                                       : Ok("x");
  });
  const auto transport = LocalTransport();
  Request request = Get(server.url());
  request.method = "POST";
  const Result<Response> lost = transport->Send(request);
  REQUIRE_FALSE(lost.ok());
  CHECK(server.requests().size() == 1);
  request.url = server.url("/again");
  for (int i = 0; i < 50; ++i) CHECK(transport->Send(request).ok());
  CHECK(server.requests().size() == 51);
}

TEST_CASE("a body and headers beyond their limits are refused for good") {
  TransportOptions options;
  options.body_bytes_max = 10;
  const auto transport = LocalTransport(options);
  RawServer fits([](const std::string&) { return Ok("0123456789"); });
  CHECK(transport->Send(Get(fits.url())).ok());
  RawServer over([](const std::string&) { return Ok("0123456789a"); });
  const Status large = transport->Send(Get(over.url())).status();
  CHECK(Contains(large.message(), "larger than 10 bytes"));
  CHECK_FALSE(IsRetryable(large));
  RawServer heads([](const std::string&) {
    std::string headers;
    for (int i = 0; i < 400; ++i) headers += "X-A: " + std::string(1000, 'x') + "\r\n";
    return Ok("", headers);
  });
  const Status wide = transport->Send(Get(heads.url())).status();
  CHECK_FALSE(wide.ok());
  CHECK_FALSE(IsRetryable(wide));
}

TEST_CASE("silence and a closed port are told apart from an answer, in time") {
  TransportOptions options;
  options.read_timeout = std::chrono::milliseconds(300);
  options.connect_timeout = std::chrono::milliseconds(300);
  const auto transport = LocalTransport(options);
  std::string closed;
  {
    RawServer server([&](const std::string& request) {
      while (!server.stopping()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return Ok(request);
    });
    const Status silent = transport->Send(Get(server.url("/?token=sesame"))).status();
    CHECK(IsRetryable(silent));
    CHECK(Contains(silent.message(), "no byte came for 300 ms"));
    CHECK(Contains(silent.message(), "?token=***"));
    closed = server.url();
  }
  CHECK(IsRetryable(transport->Send(Get(closed)).status()));
}

TEST_CASE("an interrupt ends an exchange") {
  std::atomic<bool> cancelled{false};
  TransportOptions options;
  options.cancelled = &cancelled;
  const auto transport = LocalTransport(options);
  RawServer server([&](const std::string&) {
    cancelled = true;
    while (!server.stopping()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return Ok("");
  });
  CHECK(transport->Send(Get(server.url())).status().IsCancelled());
  CHECK(transport->Send(Get(server.url())).status().IsCancelled());
}

TEST_CASE("private addresses are refused by what a name resolves to, also after a redirect") {
  RawServer server([](const std::string&) { return Ok("secret"); });
  const auto transport = *MakeCurlTransport({});
  const std::string port = server.url().substr(17);
  for (const std::string host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1",
                                 "2130706433", "0x7f.1"}) {
    CAPTURE(host);
    const Status status = transport->Send(Get("http://" + host + ":" + port)).status();
    REQUIRE_FALSE(status.ok());
    CHECK(CodeOf(status) == ErrorCode::kBadValue);
    CHECK(Contains(DiagnosticsOf(status).front().suggestion, "allow_private_addresses"));
  }
  CHECK(server.requests().empty());
}

TEST_CASE("redirects are followed without what authenticates, to another port as well") {
  RawServer other([](const std::string&) { return Ok("there"); });
  RawServer server([&](const std::string&) {
    return "HTTP/1.1 302 Found\r\nLocation: " + other.url("/x") + "\r\nContent-Length: 0\r\n\r\n";
  });
  Request request = Get(server.url());
  request.credentials = {{"X-Key", "sesame"}};
  request.headers = {{"Authorization", "Bearer sesame"}};
  const Result<Response> response = LocalTransport()->Send(request);
  REQUIRE(response.ok());
  CHECK(response->body == "there");
  CHECK(response->url == other.url("/x"));
  CHECK(Contains(server.requests().at(0), "sesame"));
  CHECK_FALSE(Contains(other.requests().at(0), "sesame"));
}

TEST_CASE("a streamed body goes to the sink and an error's body stays in the answer") {
  RawServer server([](const std::string& request) {
    if (Contains(request, "GET /bad")) return std::string("HTTP/1.1 404 No\r\n\r\nnone");
    return Ok(std::string(300'000, 'x'));
  });
  TransportOptions options;
  options.body_bytes_max = 1000;
  const auto transport = LocalTransport(options);
  size_t bytes = 0;
  const BodySink count = [&](std::string_view part) {
    bytes += part.size();
    return Status::OK();
  };
  const Result<Response> good = transport->Stream(Get(server.url("/")), count);
  REQUIRE(good.ok());
  CHECK(bytes == 300'000);
  CHECK(good->body.empty());
  const Result<Response> bad = transport->Stream(Get(server.url("/bad")), count);
  REQUIRE(bad.ok());
  CHECK(bad->body == "none");
  CHECK(bytes == 300'000);
  const BodySink full = [](std::string_view) { return ErrnoError(28, "writing"); };
  CHECK(CodeOf(transport->Stream(Get(server.url("/")), full).status()) == ErrorCode::kDiskFull);
}

TEST_CASE("a transport serves many threads") {
  RawServer server(
      [](const std::string& request) { return Ok(request.substr(4, request.find(" HTTP") - 4)); });
  const auto transport = LocalTransport();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        const std::string path = "/" + std::to_string(thread) + "/" + std::to_string(i);
        const Result<Response> response = transport->Send(Get(server.url(path)));
        if (response.ok() && response->body == path) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 100);
}

TEST_CASE("what cannot be sent is a user error") {
  const auto transport = LocalTransport();
  Request smuggle = Get("http://127.0.0.1:1/");
  smuggle.headers = {{"X", "a\r\nY: b"}};
  CHECK(CodeOf(transport->Send(smuggle).status()) == ErrorCode::kBadValue);
  Request method = Get("http://127.0.0.1:1/");
  method.method = "GET / HTTP";
  CHECK(CodeOf(transport->Send(method).status()) == ErrorCode::kBadValue);
  CHECK(CodeOf(transport->Send(Get("ftp://h/")).status()) == ErrorCode::kBadValue);

  TransportOptions timeout;
  timeout.read_timeout = std::chrono::milliseconds(0);
  CHECK(CodeOf(MakeCurlTransport(timeout).status()) == ErrorCode::kBadValue);
  TransportOptions body;
  body.body_bytes_max = 0;
  CHECK(CodeOf(MakeCurlTransport(body).status()) == ErrorCode::kBadValue);
  TransportOptions file;
  file.ca_file = "/nonexistent/ca.pem";
  CHECK(CodeOf(MakeCurlTransport(file).status()) == ErrorCode::kUnreadablePath);
}

}  // namespace millrace::io::http
