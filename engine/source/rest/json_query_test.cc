#include "source/rest/json_query.h"

#include <doctest/doctest.h>

namespace millrace::source::rest {
namespace {

std::vector<std::string> Find(const std::string& path, const std::string& json) {
  JsonQuery query;
  REQUIRE_FALSE(JsonQuery::Parse(path, &query).has_value());
  const auto found = query.Find(json);
  if (!found.ok()) return {"error"};
  return {found->begin(), found->end()};
}

using Texts = std::vector<std::string>;

TEST_CASE("a path means pieces of the text as they stand") {
  const std::string json = R"({"a": {"b": [1.10, "x\"]", {"c": null}]}, "d e": true, "a": 7})";
  CHECK(Find("$", "  1e5 ") == Texts{"1e5"});
  CHECK(Find("$.a.b[0]", json) == Texts{"1.10"});
  CHECK(Find("$.a.b[*]", json) == Texts{"1.10", R"("x\"]")", R"({"c": null})"});
  CHECK(Find("$.a.b[2].c", json) == Texts{"null"});
  CHECK(Find("$['d e']", json) == Texts{"true"});
  CHECK(Find("$.a.b[3]", json).empty());
  CHECK(Find("$.a[*]", json).empty());
  CHECK(Find("$[*].x", R"([{"x":1},{"y":2},{"x":[3]}])") == Texts{"1", "[3]"});
  CHECK(Find("$.k\xC3\xA9", "{\"k\\u00e9\": 5}") == Texts{"5"});
  CHECK(Find("$.a", "\xEF\xBB\xBF{\"a\": 1}") == Texts{"1"});
}

TEST_CASE("what is no JSON is refused wherever it stands") {
  for (const char* bad : {"", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "tru", "01", "1.", "-", "1e",
                          "\"a", "\"a\\", "[1] 2", "{a:1}", "{\"x\":[}]}", "nul", "+1"}) {
    INFO(bad);
    CHECK(Find("$.a", bad) == Texts{"error"});
  }
  CHECK(Find("$", std::string(600, '[')) == Texts{"error"});
}

TEST_CASE("a fault names the character") {
  const auto at = [](const std::string& path) {
    JsonQuery query;
    const auto fault = JsonQuery::Parse(path, &query);
    return fault ? fault->offset : -1;
  };
  CHECK(at("") == 0);
  CHECK(at("data") == 0);
  CHECK(at("$data") == 1);
  CHECK(at("$.") == 1);
  CHECK(at("$..a") == 2);
  CHECK(at("$.a.*") == 4);
  CHECK(at("$.a[") == 4);
  CHECK(at("$.a[x]") == 4);
  CHECK(at("$.a[-1]") == 4);
  CHECK(at("$.a[1") == 5);
  CHECK(at("$.a['b") == 4);
  CHECK(at("$.a b") == 3);
  CHECK(at("$.a[?(@.b)]") == 4);
  CHECK(at("$.a[0]['b c'][*]") == -1);
}

TEST_CASE("one value, and its text") {
  JsonQuery query;
  REQUIRE_FALSE(JsonQuery::Parse("$[*]", &query).has_value());
  CHECK_FALSE(query.FindOne("[1,2]").ok());
  CHECK_FALSE(query.FindOne("[null]")->has_value());
  CHECK(*JsonScalarText("\"a\\n\\u20ac\"") == "a\n\xE2\x82\xAC");
  CHECK(*JsonScalarText("12345678901234567890.10") == "12345678901234567890.10");
  CHECK_FALSE(JsonScalarText("\"\\q\"").ok());
}

}  // namespace
}  // namespace millrace::source::rest
