#include "source/rest/json_edit.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace millrace::source::rest {
namespace {

std::string With(const std::string& json, const std::string& place, const std::string& value) {
  JsonQuery query;
  if (ParseJsonPlace(place, &query)) return "fault";
  const auto result = WithValueAt(json, query, value);
  return result.ok() ? *result : "error";
}

TEST_CASE("a value takes the place of what is there, and nothing else changes") {
  CHECK(With(R"({"a": 1.50, "skip":0 })", "skip", "20") == R"({"a": 1.50, "skip":20 })");
  CHECK(With(R"({"a":{"b":null},"b":2})", "$.a.b", R"("x")") == R"({"a":{"b":"x"},"b":2})");
  CHECK(With(R"([{"o":1},{"o":2}])", "$[1].o", "3") == R"([{"o":1},{"o":3}])");
  CHECK(With(R"({"n":123456789012345678901})", "p", "1") == R"({"p":1,"n":123456789012345678901})");
}

TEST_CASE("what is missing is made, as far as it is objects") {
  CHECK(With("{}", "skip", "0") == R"({"skip":0})");
  CHECK(With(" { } ", "$.a.b.c", "[1]") == R"( {"a":{"b":{"c":[1]}} } )");
  CHECK(With(R"({"a":{"x":1}})", "$.a.b", "0") == R"({"a":{"b":0,"x":1}})");
  CHECK(With("{}", "$['a.b']", "0") == R"({"a.b":0})");
  CHECK(With("{}", "a.b", "0") == R"({"a.b":0})");  // a name, for it does not begin with $
  CHECK(With("{}", "a\"b", "0") == R"({"a\"b":0})");
}

TEST_CASE("where there is no place, that is told") {
  CHECK(With(R"({"a":7})", "$.a.b", "0") == "error");
  CHECK(With(R"({"a":null})", "$.a.b", "0") == "error");
  CHECK(With(R"({"a":[]})", "$.a[0]", "0") == "error");
  CHECK(With("{}", "$.a[0].b", "0") == "error");
  CHECK(With("[]", "a", "0") == "error");
  CHECK(With("a=b", "a", "0") == "error");
  CHECK(With("", "a", "0") == "error");
  for (const char* place : {"$", "$.a[*]", "$.", "$..a"}) CHECK(With("{}", place, "0") == "fault");
}

TEST_CASE("texts of any kind stay what they are within quotes") {
  const std::string text = "a\"b\\c\n\x01\t\xc3\xa9";
  CHECK(nlohmann::json::parse('"' + JsonEscaped(text) + '"').get<std::string>() == text);
  CHECK(nlohmann::json::parse(JsonQuoted(text).ValueOrDie()).get<std::string>() == text);
  CHECK_FALSE(JsonQuoted("\xff").ok());
}

// The same by a JSON library, which forgets how numbers were written.
TEST_CASE("random bodies and places") {
  std::random_device device;
  const uint32_t seed = device();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto any = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
  const std::function<nlohmann::json(int)> body = [&](int depth) -> nlohmann::json {
    if (depth == 0 || any(4) == 0) return any(100);
    nlohmann::json object = nlohmann::json::object();
    for (int i = any(3); i >= 0; --i) {
      object[std::string(1, static_cast<char>('a' + any(3)))] = body(depth - 1);
    }
    return object;
  };
  for (int round = 0; round < 2000; ++round) {
    const nlohmann::json before = body(3);
    std::string path = "$", pointer;
    for (int i = any(3); i >= 0; --i) {
      const std::string name(1, static_cast<char>('a' + any(3)));
      path += '.' + name;
      pointer += '/' + name;
    }
    const std::string got = With(before.dump(any(3) - 1), path, "\"new\"");
    nlohmann::json wanted = before;
    try {
      wanted[nlohmann::json::json_pointer(pointer)] = "new";
    } catch (const nlohmann::json::exception&) {
      CHECK(got == "error");
      continue;
    }
    CHECK(nlohmann::json::parse(got) == wanted);
  }
}

}  // namespace
}  // namespace millrace::source::rest
