#include "io/http/address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

namespace millrace::io::http {
namespace {

bool IsPrivate(const std::string& text) {
  sockaddr_storage storage{};
  auto* in = reinterpret_cast<sockaddr_in*>(&storage);
  auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text.c_str(), &in->sin_addr) == 1) {
    in->sin_family = AF_INET;
  } else {
    REQUIRE(inet_pton(AF_INET6, text.c_str(), &in6->sin6_addr) == 1);
    in6->sin6_family = AF_INET6;
  }
  const auto& address = reinterpret_cast<const sockaddr&>(storage);
  CHECK(FormatAddress(address) == text);
  return IsPrivateAddress(address);
}

}  // namespace

TEST_CASE("addresses that are not of the public internet are told") {
  for (const char* text : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.1",
                           "127.0.0.1",
                           "127.255.255.254",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "198.19.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fc00::1",
                           "fd12::1",
                           "fe80::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::a00:1",
                           "2002:7f00:1::1",
                           "2001:db8::1"}) {
    CAPTURE(text);
    CHECK(IsPrivate(text));
  }
  for (const char* text : {"1.1.1.1", "8.8.8.8", "100.63.0.1", "100.128.0.1", "172.15.0.1",
                           "172.32.0.1", "192.167.0.1", "198.17.0.1", "223.255.255.1",
                           "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
    CAPTURE(text);
    CHECK_FALSE(IsPrivate(text));
  }
  sockaddr_un other{};
  other.sun_family = AF_UNIX;
  CHECK(IsPrivateAddress(reinterpret_cast<const sockaddr&>(other)));
}

}  // namespace millrace::io::http
