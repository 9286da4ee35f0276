#include "contract/model/pii.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace millrace::contract {
namespace {

TEST_CASE("personal data is found by its shape") {
  struct Example {
    const char* text;
    PiiKinds kinds;
  };
  const Example examples[] = {
      {"", 0},
      {"write to ana.maria+x@mail.example.org.", kPiiEmail},
      {"x@y", 0},
      {"@home at example.org", 0},
      {"a@b.c1", 0},
      {"grüße@example.de", kPiiEmail},
      {"call +49 (30) 1234-5678 now", kPiiPhone},
      {"+1 555 0100", kPiiPhone},
      {"+1 555 010", 0},
      {"a+12345678901", 0},
      {"(415) 555-2671", kPiiPhone},
      {"415.555.2671", kPiiPhone},
      {"415-555-2671-99", 0},
      {"1-415-555-26711", 0},
      {"order 115-555-2671", 0},
      {"from 192.168.0.1, twice", kPiiIpv4},
      {"at 10.0.0.255.", kPiiIpv4},
      {"version 1.2.3.4.5", 0},
      {"v1.2.3.4", 0},
      {"256.1.1.1", 0},
      {"1.2.3.04", 0},
      {"DE89 3704 0044 0532 0130 00", kPiiIban},
      {"GB82WEST12345698765432", kPiiIban},
      {"IBAN: DE89370400440532013000 THANK YOU", kPiiIban},
      {"DE89370400440532013001", 0},
      {"4111 1111 1111 1111", kPiiCard},
      {"4111-1111-1111-1112", 0},
      {"4444444444444444", 0},
      {"call 4012888888881881!", kPiiCard},
      {"id 94012888888881881", 0},
      {"4111 1111 1111 1111 12/27", kPiiCard},
      {"4111 1111 1111 1112 12/27", 0},
      {"2001:4860:4860::8888", kPiiIpv6},
      {"at 2a00:1450:4001:82a:0:0:0:200e.", kPiiIpv6},
      {"[2606:4700:4700::1111]:443", kPiiIpv6},
      {"2001:4860::1: down", kPiiIpv6},
      {"2001:4860::", kPiiIpv6},
      {"2001:4860::192.0.2.33", kPiiIpv6 | kPiiIpv4},
      {"2001:4860:1:2:3:4:5:6:7", 0},
      {"2001:4860::1::2", 0},
      {"2001:4860:1:2:3:4:5", 0},
      {"2001:48600::1", 0},
      {"2023:10:11 12:30:45", 0},
      {"std::dead::beef fe80::1 ::1 fd00::1", 0},
      {"x2001:4860::1", 0},
  };
  for (const Example& example : examples) {
    CAPTURE(std::string(example.text));
    CHECK(FindPii(example.text) == example.kinds);
  }
  CHECK(FindPii("a@b.org 10.0.0.1", kPiiIpv4) == kPiiIpv4);
  CHECK(PiiNames().size() == 6);
}

std::string Spans(std::string_view text, PiiKinds wanted = kAllPii) {
  std::vector<PiiSpan> spans;
  FindPiiSpans(text, wanted, &spans);
  std::string shown;
  for (const PiiSpan& span : spans) {
    shown += shown.empty() ? "" : "|";
    shown += text.substr(span.begin, span.end - span.begin);
    if (!span.is_public) shown += " (private)";
  }
  return shown;
}

TEST_CASE("the places of personal data are exact, and none lies within another") {
  CHECK(Spans("") == "");
  CHECK(Spans("To: <ana.maria+x@mail.example.org>.") == "ana.maria+x@mail.example.org");
  CHECK(Spans("a@b.org,c@d.org a@b.org") == "a@b.org|c@d.org|a@b.org");
  CHECK(Spans("call +49 (30) 1234-5678, or (415) 555-2671.") ==
        "+49 (30) 1234-5678|(415) 555-2671");
  CHECK(Spans("IBAN: DE89 3704 0044 0532 0130 00 THANK YOU") == "DE89 3704 0044 0532 0130 00");
  CHECK(Spans("4111 1111 1111 1111 12/27") == "4111 1111 1111 1111");
  CHECK(Spans("8.8.8.8 10.0.0.1") == "8.8.8.8|10.0.0.1 (private)");
  CHECK(Spans("2001:4860:4860::8888, 2001:db8::1, 2001:0DB8:1::") ==
        "2001:4860:4860::8888|2001:db8::1 (private)|2001:0DB8:1:: (private)");
  CHECK(Spans("415-555-2671@sms.example.org") == "415-555-2671");
  CHECK(Spans("a@b.org 8.8.8.8", kPiiIpv4) == "8.8.8.8");
}

TEST_CASE("which IPv4 addresses are public") {
  for (const char* ip :
       {"0.1.2.3", "10.9.8.7", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.1.1",
        "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1",
        "198.19.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "255.255.255.255"}) {
    CHECK(Spans(ip) == std::string(ip) + " (private)");
  }
  for (const char* ip : {"1.1.1.1", "100.63.0.1", "100.128.0.1", "169.253.1.1", "172.15.0.1",
                         "172.32.0.1", "192.0.1.1", "192.169.1.1", "198.20.0.1", "198.51.101.7",
                         "203.0.114.9", "223.255.255.255"}) {
    CHECK(Spans(ip) == ip);
  }
}

TEST_CASE("kinds and places of random texts agree") {
  const std::string_view pieces[] = {
      "@",     ".",      "a",        "b.org",     "+",
      "49",    "415",    "555-2671", " ",         "-",
      "(",     ")",      "8.8",      "DE89",      "3704 0044 0532 0130 00",
      "2001:", "4860::", ":",        "4111 1111", "1111 1111",
      "X",     "\u00E9", "7"};
  const uint32_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (size_t length = random() % 10; length > 0; --length) {
      text += pieces[random() % std::size(pieces)];
    }
    CAPTURE(text);
    std::vector<PiiSpan> spans;
    for (PiiKinds kind = 1; kind <= kPiiIpv6; kind <<= 1) {
      FindPiiSpans(text, kind, &spans);
      REQUIRE(spans.empty() == (FindPii(text, kind) == 0));
      REQUIRE((FindPii(text) & kind) == FindPii(text, kind));
    }
    FindPiiSpans(text, kAllPii, &spans);
    REQUIRE(spans.empty() == (FindPii(text) == 0));
    for (size_t k = 1; k < spans.size(); ++k) REQUIRE(spans[k - 1].end <= spans[k].begin);
  }
}

TEST_CASE("hostile texts take linear time") {
  for (const char* piece :
       {"@", "+1", "1 ", "A1", "AB12 ", "a@", "1.", "9", "(", "2001:", "2001::", "4111 "}) {
    std::string text;
    while (text.size() < (1 << 20)) text += piece;
    CAPTURE(piece);
    FindPii(text);
    Spans(text);
  }
}

}  // namespace
}  // namespace millrace::contract
