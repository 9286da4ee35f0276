#include "io/http/url.h"

#include <doctest/doctest.h>

#include "base/log.h"

namespace millrace::io::http {
namespace {

std::string Parsed(std::string_view text) {
  const Result<Url> url = ParseUrl(text);
  return url.ok() ? url->ToString() : "error";
}

std::string Resolved(std::string_view reference) {
  const Result<Url> url = ResolveUrl(*ParseUrl("http://h/a/b;p?q"), reference);
  return url.ok() ? url->ToString() : "error";
}

}  // namespace

TEST_CASE("a URL is parsed into one spelling") {
  CHECK(Parsed("HTTPS://API.Example.com:443/v1/items?page=2#top") ==
        "https://api.example.com/v1/items?page=2");
  CHECK(Parsed("http://h") == "http://h/");
  CHECK(Parsed("http://h:8080?x=1") == "http://h:8080/?x=1");
  CHECK(Parsed("http://[::1]:9/x") == "http://[::1]:9/x");
  CHECK(Parsed("http://h/a b/\xC3\xA4?q=a b\"%zz%41") ==
        "http://h/a%20b/%C3%A4?q=a%20b%22%25zz%41");
  CHECK(Parsed("http://h/a//b/./c/../d") == "http://h/a//b/d");
}

TEST_CASE("what is no URL of http is refused") {
  for (const char* text :
       {"", "h/x", "ftp://h/", "file:///etc/passwd", "http://", "http:///x", "http://h:0/",
        "http://h:99999/", "http://h:8x/", "http://a b/", "http://h\r\nX: y/", "http://[::1/",
        "http://user:pass@h/", "http://h%2f@evil/"}) {
    CAPTURE(text);
    CHECK(Parsed(text) == "error");
  }
  const Status status = ParseUrl("https://ann:hunter2@h/").status();
  CHECK(CodeOf(status) == ErrorCode::kSecretInClear);
  CHECK(status.message().find("hunter2") == std::string::npos);
}

TEST_CASE("references are resolved as RFC 3986 says") {
  CHECK(Resolved("g") == "http://h/a/g");
  CHECK(Resolved("./g/") == "http://h/a/g/");
  CHECK(Resolved("/g") == "http://h/g");
  CHECK(Resolved("//other/g") == "http://other/g");
  CHECK(Resolved("?y") == "http://h/a/b;p?y");
  CHECK(Resolved("") == "http://h/a/b;p?q");
  CHECK(Resolved("#s") == "http://h/a/b;p?q");
  CHECK(Resolved("../g") == "http://h/g");
  CHECK(Resolved("../../../g") == "http://h/g");
  CHECK(Resolved("g?y=a:b/../c") == "http://h/a/g?y=a:b/../c");
  CHECK(Resolved("https://x/y") == "https://x/y");
  CHECK(Resolved("javascript:x") == "error");
}

TEST_CASE("credentials stay with their host, scheme and port") {
  const auto may = [](const char* from, const char* to) {
    return MayCarryCredentials(*ParseUrl(from), *ParseUrl(to));
  };
  CHECK(may("https://h/a", "https://H:443/b"));
  CHECK(may("http://h/", "https://h/"));
  CHECK_FALSE(may("https://h/", "http://h/"));
  CHECK_FALSE(may("https://h/", "https://www.h/"));
  CHECK_FALSE(may("https://h/", "https://h:8443/"));
  CHECK_FALSE(may("http://h:8080/", "https://h/"));
}

TEST_CASE("a query is built encoded, and a name given again is replaced") {
  CHECK(EncodeQuery({{"a b", "1&2"}, {"c", "\xC3\xA4+"}}) == "a%20b=1%262&c=%C3%A4%2B");
  CHECK(WithQuery(*ParseUrl("http://h/?page=1&x=&page=2"), {{"page", "3"}}).query == "x=&page=3");
  CHECK(WithQuery(*ParseUrl("http://h/"), {}).ToString() == "http://h/");
}

TEST_CASE("secrets in a URL are masked wherever it is shown") {
  CHECK(RedactUrl("https://h/a?page=2&api_key=abc&X-Amz-Signature=d#f") ==
        "https://h/a?page=2&api_key=***&X-Amz-Signature=***#f");
  CHECK(RedactUrl("https://ann:hunter2@h/a") == "https://***@h/a");
  CHECK(RedactUrl("not a url?token=x") == "not a url?token=***");
  RegisterSecret("sesame-in-a-path");
  CHECK(RedactUrl("https://h/sesame-in-a-path/x") == "https://h/***/x");
}

}  // namespace millrace::io::http
