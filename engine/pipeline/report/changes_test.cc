#include "pipeline/report/changes.h"

#include <doctest/doctest.h>

#include "pipeline/release/config_changes.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

Json ReportOf(int64_t written, int64_t nulls, const std::string& type) {
  return {
      {"engine_version", "e"},
      {"config_hash", "c"},
      {"verdict", "fit"},
      {"tables",
       {{{"table", ""},
         {"contract_version", 1},
         {"rows", {{"read", 100}, {"written", written}, {"rejected", 100 - written}}},
         {"sources", {{{"source", "s"}, {"rows", {{"written", written}}}}}},
         {"rejects", {{{"source", "s"}, {"rule", "r"}, {"column", "a"}, {"rows", 100 - written}}}},
         {"columns", {{{"name", "a"}, {"type", type}, {"rows", written}, {"nulls", nulls}}}},
         {"inputs", {{{"source", "s"}, {"path", "x"}, {"sha256", type}}}}}}}};
}

}  // namespace

TEST_CASE("equal reports have no changes") {
  CHECK(ChangesBetween(ReportOf(90, 3, "t"), ReportOf(90, 3, "t")).empty());
}

TEST_CASE("what changed between two reports is named in order, with both sides") {
  const auto changes = ChangesBetween(ReportOf(90, 9, "t"), ReportOf(80, 9, "u"));
  std::vector<std::string> texts;
  for (const Change& change : changes) {
    texts.push_back(ChangeText(change) + ": " + SideText(change, change.before) + " > " +
                    SideText(change, change.after));
  }
  CHECK(texts == std::vector<std::string>{"rows written: 90 > 80", "rows rejected: 10 > 20",
                                          "rows written from s: 90 > 80",
                                          "rejected: r of `a` in s: 10 > 20", "type of a: t > u",
                                          "nulls of a: 10.0 % > 11.2 %", "input s/x: t > u"});
}

TEST_CASE("what is new or gone has one side") {
  Json before = ReportOf(90, 0, "t"), after = ReportOf(90, 0, "t");
  after["tables"][0]["columns"][0]["name"] = "b";
  const auto changes = ChangesBetween(before, after);
  REQUIRE(changes.size() == 2);
  CHECK(ChangeText(changes[0]) == "column b");
  CHECK(SideText(changes[0], changes[0].before) == "–");
  CHECK(changes[1].after.is_null());
  CHECK(ChangesBetween(Json::object(), after).size() > 5);
  CHECK(ChangesBetween(Json{{"tables", "damaged"}}, Json::object()).empty());
}

namespace {

std::vector<std::string> ConfigTexts(const std::string& before, const std::string& after) {
  std::vector<std::string> texts;
  for (const ConfigChange& c : CompareConfigs(before, after)) {
    texts.push_back(c.path + "|" + c.before + "|" + c.after);
  }
  return texts;
}

}  // namespace

TEST_CASE("configs are compared by path, lists of values as a whole") {
  CHECK(ConfigTexts("a: 1\nb:\n  c: [x, y]\n  d: z\n", "b:\n  c: [x]\n  e: \"\"\n") ==
        std::vector<std::string>{"b.c|[x, y]|[x]", "b.e||\"\"", "a|1|", "b.d|z|"});
}

TEST_CASE("what stands in a list of maps is compared, too") {
  const std::string before = "m:\n  - {role: user, text: a}\n  - {role: bot, text: b}\n";
  CHECK(ConfigTexts(before, before).empty());
  CHECK(ConfigTexts(before, "m:\n  - {role: user, text: c}\n") ==
        std::vector<std::string>{"m[0].text|a|c", "m[1].role|bot|", "m[1].text|b|"});
}

TEST_CASE("keys with points are no paths") {
  CHECK(ConfigTexts("a.b: 1\na: {b: 2}\n", "a.b: 1\na: {b: 3}\n") ==
        std::vector<std::string>{"a.b|2|3"});
  CHECK(ConfigTexts("a.b: 1\n", "a.b: 2\n") == std::vector<std::string>{"\"a.b\"|1|2"});
}

TEST_CASE("reports whose members are of other types are compared as far as they go") {
  const Json damaged = {{"engine_version", 7},
                        {"model_contract", "x"},
                        {"tables", {1, "x", {{"table", 3}, {"rows", Json::array()}}}}};
  CHECK(ChangesBetween(damaged, damaged).empty());
  CHECK_FALSE(ChangesBetween(damaged, ReportOf(1, 0, "t")).empty());
  CHECK_FALSE(ChangesBetween(ReportOf(1, 0, "t"), damaged).empty());
}

}  // namespace millrace::pipeline
