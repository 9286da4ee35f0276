#include "io/http/redirect.h"

#include <algorithm>
#include <array>
#include <string>

#include "io/http/url.h"

namespace millrace::io::http {
namespace {

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void RemoveHeaders(Headers* headers, std::initializer_list<std::string_view> names) {
  headers->erase(std::remove_if(headers->begin(), headers->end(),
                                [&](const auto& header) {
                                  return std::any_of(names.begin(), names.end(), [&](auto name) {
                                    return IsHeader(header.first, name);
                                  });
                                }),
                 headers->end());
}

void DropBody(Request* request) {
  if (request->method != "HEAD") request->method = "GET";
  request->body.clear();
  RemoveHeaders(&request->headers, {"content-type", "content-length", "content-encoding"});
}

/// The request that the redirect asks for.
Status Redirect(const Response& response, const std::string& location, Request* request) {
  ARROW_ASSIGN_OR_RAISE(const Url from, ParseUrl(request->url));
  const Result<Url> to = ResolveUrl(from, location);
  if (!to.ok()) {
    return RequestFailed(false, "a redirect from " + RedactUrl(request->url) +
                                    " leads nowhere: " + to.status().message());
  }
  const bool becomes_get =
      response.status == 303 || (response.status <= 302 && request->method == "POST");
  if (becomes_get && request->keep_body) {
    return RequestFailed(false, "a redirect (" + std::to_string(response.status) + ") from " +
                                    RedactUrl(request->url) +
                                    " would go on without the request's body, which says what is "
                                    "asked for");
  }
  if (becomes_get) DropBody(request);
  if (!MayCarryCredentials(from, *to)) {
    if (!request->body.empty()) {
      return RequestFailed(false, "a redirect from " + RedactUrl(request->url) +
                                      " would take the request's body to another host, " +
                                      to->Origin());
    }
    StripCredentials(request);
  }
  request->url = to->ToString();
  return Status::OK();
}

}  // namespace

void StripCredentials(Request* request) {
  request->credentials.clear();
  RemoveHeaders(&request->headers, {"authorization", "cookie", "proxy-authorization"});
}

Result<Response> FollowRedirects(Request request, int redirects_max, const Exchange& exchange) {
  const std::string start = RedactUrl(request.url);
  for (int followed = 0;; ++followed) {
    ARROW_ASSIGN_OR_RAISE(Response response, exchange(request));
    response.url = request.url;
    const std::string* location = response.Find("location");
    if (!IsRedirect(response.status) || location == nullptr || redirects_max == 0) return response;
    if (followed == redirects_max) {
      return RequestFailed(false, "more than " + std::to_string(redirects_max) +
                                      " redirects from " + start + ", the last to " +
                                      RedactUrl(*location));
    }
    ARROW_RETURN_NOT_OK(Redirect(response, *location, &request));
  }
}

}  // namespace millrace::io::http
