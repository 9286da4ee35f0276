#include "contract/sensitive_hint.h"

#include <doctest/doctest.h>

#include <vector>

namespace millrace::contract {
namespace {

SensitiveValues Seen(const std::vector<std::string>& values) {
  SensitiveValues seen;
  for (const std::string& value : values) seen.Add(value);
  return seen;
}

TEST_CASE("names of columns that hold data about persons") {
  for (const char* name : {"email",
                           "E-Mail",
                           "contact.email",
                           "customerEmail",
                           "mail_to",
                           "phone",
                           "Phone number",
                           "name",
                           "first_name",
                           "lastName",
                           "user_name",
                           "names",
                           "contact/name",
                           "street",
                           "home_address",
                           "birth_date",
                           "api_key",
                           "IBAN",
                           "client_ip",
                           "Vorname",
                           "Stra\xc3\x9f"
                           "e"}) {
    CAPTURE(name);
    CHECK(SensitiveByName(name) != "");
  }
}

TEST_CASE("names that only sound like it") {
  for (const char* name : {"product_name", "fileName", "host name", "mailed", "zip", "id", "text",
                           "telescope", "ship", "filename", "", "###", "country.name"}) {
    CAPTURE(name);
    CHECK(SensitiveByName(name) == "");
  }
}

TEST_CASE("values that look like data about persons") {
  CHECK(Seen({"a@example.org", "b.c+d@mail.example.com"}).Kind() == "e-mail addresses");
  CHECK(Seen({"+49 30 901820", "(030) 90-18-20", "0171 / 5551234"}).Kind() == "telephone numbers");
  CHECK(Seen({"DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"}).Kind() ==
        "account numbers");
  CHECK(Seen({"4111 1111 1111 1111", "5500-0000-0000-0004"}).Kind() == "card numbers");
  CHECK(Seen({"192.168.0.1", "10.0.0.255"}).Kind() == "network addresses");
  CHECK(Seen({"ghp_0123456789abcdefghij"}).Kind() == "keys or tokens");
}

TEST_CASE("values that only look a little like it") {
  for (const auto& values : std::vector<std::vector<std::string>>{{"2026-01-02", "2026-01-03"},
                                                                  {"1234567890", "1234567891"},
                                                                  {"3.14", "0.5"},
                                                                  {"1.2.3", "10.0.2"},
                                                                  {"@home", "a@b", "x @ y"},
                                                                  {"DE89370400440532013001"},
                                                                  {"01.02.2026", "03.04.2026"},
                                                                  {},
                                                                  {"", "  "}}) {
    CAPTURE(values.size());
    CHECK(Seen(values).Kind() == "");
    CHECK_FALSE(Seen(values).any());
  }
}

TEST_CASE("one mail address in a text hides the examples without naming the column sensitive") {
  const SensitiveValues seen = Seen({"please write to me@example.org", "hello", "good day"});
  CHECK(seen.any());
  CHECK(seen.Kind() == "");
}

}  // namespace
}  // namespace millrace::contract
