#include "contract/drift.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "contract/drift_json.h"

namespace millrace::contract {
namespace {

ColumnShape Column(const std::string& name, const std::string& type, bool nulls = false,
                   const std::string& pattern = "", std::vector<std::string> values = {}) {
  return {name, type, pattern, nulls, std::move(values)};
}

std::string Kinds(const Shape& before, const Shape& after) {
  std::string kinds;
  for (const Drift& drift : CompareShapes(before, after)) {
    kinds += (kinds.empty() ? "" : " ") + std::string(DriftKindName(drift.kind)) +
             (drift.column.empty() ? "" : ":" + drift.column);
  }
  return kinds;
}

std::string TypeKind(const std::string& before, const std::string& after) {
  return Kinds({"", "", {Column("c", before)}}, {"", "", {Column("c", after)}});
}

TEST_CASE("types widen along what they hold, and conflict elsewhere") {
  CHECK(TypeKind("int64", "int64").empty());
  CHECK(TypeKind("int64", "float64") == "type_widened:c");
  CHECK(TypeKind("float64", "int64") == "type_narrowed:c");
  CHECK(TypeKind("int32", "int64") == "type_widened:c");
  CHECK(TypeKind("date", "timestamp[us]") == "type_widened:c");
  CHECK(TypeKind("date", "string") == "type_widened:c");
  CHECK(TypeKind("string", "bool") == "type_narrowed:c");
  CHECK(TypeKind("bool", "int64") == "type_conflict:c");
  CHECK(TypeKind("timestamp[us]", "timestamp[us, UTC]") == "type_conflict:c");
  CHECK(TypeKind("", "int64").empty());
  CHECK(TypeKind("int64", "").empty());
}

TEST_CASE("every kind of difference is told once, in order") {
  const Shape before = {
      "utf-8",
      "delimiter ,",
      {Column("id", "int64"), Column("day", "string", false, "99/99/9999"),
       Column("gone", "string"), Column("state", "string", false, "", {"closed", "open"})}};
  const Shape after = {
      "utf-16",
      "delimiter ;",
      {Column("state", "string", true, "", {"lost", "open"}), Column("id", "float64", true),
       Column("new", "bool"), Column("day", "date", false, "9999-99-99")}};
  CHECK(Kinds(before, before).empty());
  CHECK(Kinds(before, after) ==
        "encoding dialect nullability:state new_enum_value:state type_widened:id nullability:id "
        "column_added:new type_narrowed:day format:day column_removed:gone");
  for (const Drift& drift : CompareShapes(before, after)) CHECK_FALSE(DriftText(drift).empty());
}

TEST_CASE("drift and shapes survive their JSON, and anything else is nothing") {
  const Shape shape = {
      "utf-8", "d", {Column("a", "int64", true, "99", {"1", "2"}), Column("b", "")}};
  const auto json = ShapeToJson(shape);
  const auto back = ShapeFromJson(json);
  REQUIRE(back);
  CHECK(ShapeToJson(*back) == json);
  CHECK(CompareShapes(shape, *back).empty());
  std::vector<Drift> drifts = CompareShapes(shape, {"latin-1", "", {}});
  REQUIRE(!drifts.empty());
  drifts[0].file = "a.csv";
  drifts[0].against = "b.csv";
  drifts[0].action = DriftAction::kFail;
  CHECK(DriftFromJson(DriftToJson(drifts)) == drifts);
  using Json = nlohmann::ordered_json;
  for (const char* text : {"null", "{}", "[1]", R"([{"kind":"no_such"}])", R"([{"kind":7}])"}) {
    CHECK_FALSE(DriftFromJson(Json::parse(text)));
  }
  for (const char* text : {"null", "[]", "{}", R"({"columns":[{"name":"a"}]})"}) {
    CHECK_FALSE(ShapeFromJson(Json::parse(text)));
  }
}

TEST_CASE("kinds and actions have names both ways") {
  for (size_t i = 0; i < kDriftKinds; ++i) {
    const auto kind = static_cast<DriftKind>(i);
    CHECK(DriftKindOf(DriftKindName(kind)) == kind);
    const bool quiet = kind == DriftKind::kNewEnumValue || kind == DriftKind::kTypeNarrowed;
    CHECK(DriftPolicy().Of(kind) == (quiet ? DriftAction::kAllow : DriftAction::kWarn));
  }
  CHECK_FALSE(DriftKindOf("column"));
  CHECK(DriftActionOf("fail") == DriftAction::kFail);
}

}  // namespace
}  // namespace millrace::contract
