#include "io/http/redirect.h"

#include <doctest/doctest.h>

#include <map>

namespace millrace::io::http {
namespace {

/// A world of redirects: what each URL answers with, and what was asked.
struct World {
  std::map<std::string, std::pair<int, std::string>> redirects;
  std::vector<Request> asked;
  Result<Response> operator()(const Request& request) {
    asked.push_back(request);
    Response response;
    const auto found = redirects.find(request.url);
    response.status = found == redirects.end() ? 200 : found->second.first;
    if (found != redirects.end()) response.headers = {{"location", found->second.second}};
    return response;
  }
};

Result<Response> Follow(World* world, Request request, int redirects_max = 5) {
  return FollowRedirects(std::move(request), redirects_max,
                         [world](const Request& hop) { return (*world)(hop); });
}

Request Authorised(const std::string& url) {
  Request request;
  request.url = url;
  request.headers = {{"Accept", "*/*"}, {"COOKIE", "a=b"}, {"authorization", "Basic x"}};
  request.credentials = {{"X-Api-Key", "k"}};
  return request;
}

}  // namespace

TEST_CASE("a redirect within the host keeps what authenticates") {
  World world{{{"https://h/a", {302, "/b"}}, {"https://h/b", {307, "c?x=1"}}}, {}};
  const Result<Response> response = Follow(&world, Authorised("https://h/a"));
  REQUIRE(response.ok());
  CHECK(response->url == "https://h/c?x=1");
  REQUIRE(world.asked.size() == 3);
  CHECK(world.asked[2].credentials.size() == 1);
  CHECK(world.asked[2].headers.size() == 3);
}

TEST_CASE("a body that must be kept is not dropped on the way") {
  for (const auto& [status, kept] : std::map<int, bool>{{302, false}, {303, false}, {307, true}}) {
    World world{{{"https://h/a", {status, "/b"}}}, {}};
    Request request;
    request.method = "POST";
    request.url = "https://h/a";
    request.body = "{}";
    CHECK(Follow(&world, request).ok());
    request.keep_body = true;
    CHECK(Follow(&world, request).ok() == kept);
  }
}

TEST_CASE("a redirect to another host or to plain http leaves credentials behind for good") {
  for (const char* to : {"https://evil/", "http://h/", "https://h:8443/", "//evil.h/"}) {
    CAPTURE(to);
    World world{{{"https://h/a", {302, to}}}, {}};
    REQUIRE(Follow(&world, Authorised("https://h/a")).ok());
    REQUIRE(world.asked.size() == 2);
    CHECK(world.asked[1].credentials.empty());
    CHECK(world.asked[1].headers == Headers{{"Accept", "*/*"}});
  }
  // Also when it comes back: who sent it there could have changed the path.
  World world{{{"https://h/a", {302, "https://evil/"}}, {"https://evil/", {302, "https://h/b"}}},
              {}};
  REQUIRE(Follow(&world, Authorised("https://h/a")).ok());
  CHECK(world.asked[2].credentials.empty());
}

TEST_CASE("the method changes as browsers agree on") {
  for (const auto& [status, method] : std::vector<std::pair<int, std::string>>{
           {301, "GET"}, {302, "GET"}, {303, "GET"}, {307, "POST"}, {308, "POST"}}) {
    World world{{{"https://h/a", {status, "/b"}}}, {}};
    Request request;
    request.method = "POST";
    request.url = "https://h/a";
    request.headers = {{"Content-Type", "x/y"}};
    request.body = "b";
    REQUIRE(Follow(&world, request).ok());
    CHECK(world.asked[1].method == method);
    CHECK(world.asked[1].body.empty() == (method == "GET"));
    CHECK(world.asked[1].headers.empty() == (method == "GET"));
  }
}

TEST_CASE("a body is not taken to another host") {
  World world{{{"https://h/a", {307, "https://evil/"}}}, {}};
  Request request;
  request.method = "POST";
  request.url = "https://h/a";
  request.body = "client_secret=x";
  const Status status = Follow(&world, request).status();
  CHECK_FALSE(IsRetryable(status));
  CHECK(status.message().find("another host") != std::string::npos);
  CHECK(world.asked.size() == 1);
}

TEST_CASE("redirects are capped, and lead to http alone") {
  World loop{{{"https://h/a", {302, "/a"}}}, {}};
  const Status status = Follow(&loop, Authorised("https://h/a"), 3).status();
  CHECK_FALSE(IsRetryable(status));
  CHECK(status.message().find("more than 3 redirects") != std::string::npos);
  CHECK(loop.asked.size() == 4);

  World file{{{"https://h/a", {302, "file:///etc/passwd"}}}, {}};
  CHECK_FALSE(Follow(&file, Authorised("https://h/a")).ok());

  World off{{{"https://h/a", {302, "/b"}}}, {}};
  CHECK(Follow(&off, Authorised("https://h/a"), 0)->status == 302);

  World nowhere{{{"https://h/a", {304, "/b"}}}, {}};
  CHECK(Follow(&nowhere, Authorised("https://h/a"))->status == 304);
}

}  // namespace millrace::io::http
