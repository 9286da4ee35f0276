#include "contract/model/pii.h"

#include <doctest/doctest.h>

#include <string>

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
  };
  for (const Example& example : examples) {
    CAPTURE(std::string(example.text));
    CHECK(FindPii(example.text) == example.kinds);
  }
  CHECK(FindPii("a@b.org 10.0.0.1", kPiiIpv4) == kPiiIpv4);
  CHECK(PiiNames().size() == 5);
}

TEST_CASE("hostile texts take linear time") {
  for (const char* piece : {"@", "+1", "1 ", "A1", "AB12 ", "a@", "1.", "9", "("}) {
    std::string text;
    while (text.size() < (1 << 20)) text += piece;
    CAPTURE(piece);
    FindPii(text);
  }
}

}  // namespace
}  // namespace millrace::contract
