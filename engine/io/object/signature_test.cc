#include "io/object/signature.h"

#include <doctest/doctest.h>

namespace millrace::io {
namespace {

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) {
    const char digits[] = "0123456789abcdef";
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::string HeaderOf(const http::Request& request, const std::string& name) {
  for (const auto& [own, value] : request.headers) {
    if (own == name) return value;
  }
  return "";
}

constexpr std::time_t kDay = 1369353600;  // 2013-05-24T00:00:00Z, of the provider's own examples

}  // namespace

TEST_CASE("HMAC-SHA256 and base64 give what their standards say") {
  CHECK(Hex(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(Hex(HmacSha256(std::string(131, '\xaa'),
                       "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(Base64("") == "");
  CHECK(Base64("f") == "Zg==");
  CHECK(Base64("fo") == "Zm8=");
  CHECK(Base64("foo") == "Zm9v");
  CHECK(Base64("foob") == "Zm9vYg==");
}

TEST_CASE("a signature of version 4 is the one of the provider's examples") {
  const KeyPair keys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
  const auto sign = [&](const std::string& query) {
    http::Request request{"GET", "https://examplebucket.s3.amazonaws.com/" + query, {}, {}, {}};
    REQUIRE(SignV4(keys, "us-east-1", SigningDialect(), kDay, &request).ok());
    CHECK(HeaderOf(request, "x-amz-date") == "20130524T000000Z");
    return HeaderOf(request, "Authorization");
  };
  const std::string head =
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
      "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=";
  CHECK(sign("?lifecycle") ==
        head + "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  CHECK(sign("?prefix=J&max-keys=2") ==  // in any order
        head + "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("a token is sent and signed, and Google's words are its own") {
  http::Request request{"PUT", "https://storage.googleapis.com/b/k", {}, {}, "body"};
  request.headers.emplace_back("x-goog-if-generation-match", "0");
  REQUIRE(SignV4({"GOOGID", "secret", "token"}, "auto", GoogleDialect(), kDay, &request).ok());
  CHECK(HeaderOf(request, "x-goog-security-token") == "token");
  const std::string authorization = HeaderOf(request, "Authorization");
  CHECK(authorization.find("GOOG4-HMAC-SHA256 Credential=GOOGID/20130524/auto/storage/"
                           "goog4_request, SignedHeaders=host;x-goog-content-sha256;x-goog-date;"
                           "x-goog-if-generation-match;x-goog-security-token, ") == 0);
  CHECK(authorization.find("secret,") == std::string::npos);
}

TEST_CASE("an Azure key that is not base64 is told, without the key") {
  http::Request request{"GET", "https://a.blob.core.windows.net/c/b", {}, {}, {}};
  const Status status = SignAzure("a", "no base64!", kDay, &request);
  CHECK(CodeOf(status) == ErrorCode::kBadValue);
  CHECK(status.message().find("no base64!") == std::string::npos);
}

}  // namespace millrace::io
