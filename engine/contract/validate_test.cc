#include <arrow/api.h>
#include <doctest/doctest.h>

#include "contract/contract.h"
#include "contract/infer.h"

namespace millrace::contract {
namespace {

Column Make(const std::string& type) {
  Column column;
  column.name = "c";
  column.type_text = type;
  column.type = ParseType(type, &column.is_json).ValueOrDie();
  column.span = {"p.yaml", 3, 5, 1};
  return column;
}

template <typename Change>
std::string Problem(const std::string& type, Change change) {
  Contract contract;
  contract.columns.push_back(Make(type));
  change(contract.columns.back());
  const auto problems = ValidateContract(contract);
  if (problems.empty()) return "";
  CHECK(problems.front().span.line == 3);
  return problems.front().message;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("rules that do not fit their type or themselves are named") {
  CHECK(
      Problem("int64", [](Column& c) { c.min = "1", c.max = "5", c.default_value = "3"; }).empty());
  CHECK(Has(Problem("bool", [](Column& c) { c.min = "1"; }), "min and max do not fit"));
  CHECK(Has(Problem("int64", [](Column& c) { c.length_min = 1; }), "length is for"));
  CHECK(Has(Problem("int64", [](Column& c) { c.regex = "a"; }), "regex is for strings"));
  CHECK(Has(Problem("string", [](Column& c) { c.regex = "(a"; }),
            "the regex `(a` cannot be used: missing )"));
  CHECK(Has(Problem("string", [](Column& c) { c.regex = "a(?=b)"; }),
            "the regex `a(?=b)` cannot be used: invalid perl operator: (?="));
  CHECK(Has(Problem("int64", [](Column& c) { c.min = "x"; }), "min `x`"));
  CHECK(Has(Problem("int64", [](Column& c) { c.min = "6", c.max = "5"; }), "min is above max"));
  CHECK(Has(Problem("int64", [](Column& c) { c.max = "5", c.default_value = "6"; }),
            "default breaks"));
  CHECK(Has(Problem("int8", [](Column& c) { c.enum_values = {"1", "300"}; }), "`300`"));
  CHECK_FALSE(
      Has(Problem("int8", [](Column& c) { c.sensitive = true, c.enum_values = {"300"}; }), "300"));
  CHECK(Has(Problem("json", [](Column& c) { c.enum_values = {"{}"}; }), "enum does not fit"));
  CHECK(Has(Problem("int64", [](Column& c) { c.formats = {"%Y"}; }), "format is for"));
  CHECK(Has(Problem("date", [](Column& c) { c.formats = {"%Q"}; }), "unknown directive %Q"));
  CHECK(Has(Problem("timestamp[us]", [](Column& c) { c.formats = {"%F %T %z"}; }), "zone"));
  CHECK(Has(Problem("timestamp[us, Mars/Olympus]", [](Column&) {}), "Mars/Olympus"));
  CHECK(Has(Problem("bool", [](Column& c) { c.true_values = {"1"}; }), "both"));
  CHECK(Has(Problem("int64", [](Column& c) { c.round = true; }), "round is for"));
  CHECK(Has(Problem("int64", [](Column& c) { c.required = true, c.on_error = OnError::kSetNull; }),
            "set_null"));
  CHECK(
      Has(Problem("int64", [](Column& c) { c.from["a"].constant = "x"; }), "the constant breaks"));
  CHECK(Has(Problem("int64", [](Column& c) { c.from["a"].path = "x", c.from["a"].constant = "1"; }),
            "exactly one"));
  CHECK(Has(Problem("int64", [](Column& c) { c.from["a"].expression = "1 +"; }), "column `c`"));
  CHECK(Has(Problem("int64", [](Column& c) { c.name = "__fdf__/x"; }), "belong to the engine"));
  CHECK(Has(Problem("list<int64>", [](Column& c) { c.unique = true; }), "unique does not fit"));
}

TEST_CASE("all problems come at once, a duplicate name among them") {
  Contract contract;
  contract.columns = {Make("int64"), Make("int64")};
  contract.columns[0].min = "x";
  contract.columns[0].max = "y";
  const auto problems = ValidateContract(contract);
  REQUIRE(problems.size() == 3);
  CHECK(problems[2].code == ErrorCode::kDuplicateName);
}

std::string InferredType(const std::vector<std::string>& texts) {
  arrow::StringBuilder builder;
  for (const std::string& text : texts) {
    CHECK((text == "<null>" ? builder.AppendNull() : builder.Append(text)).ok());
  }
  const auto array = builder.Finish().ValueOrDie();
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("c", arrow::utf8())}),
                                              array->length(), {array});
  return InferContract({batch}).ValueOrDie().columns.at(0).type_text;
}

TEST_CASE("inference narrows only what reads back to the same text") {
  CHECK(InferredType({"1", "<null>", "-5"}) == "int64");
  CHECK(InferredType({"007"}) == "string");
  CHECK(InferredType({"1", "NA"}) == "string");
  CHECK(InferredType({"-0"}) == "float64");  // a float keeps the sign, an integer would not
  CHECK(InferredType({"1.5", "2"}) == "float64");
  CHECK(InferredType({"1.0", "2.0"}) == "float64");
  CHECK(InferredType({"1.50"}) == "string");
  CHECK(InferredType({"99999999999999999999"}) == "string");
  CHECK(InferredType({"true", "false"}) == "bool");
  CHECK(InferredType({"True"}) == "string");
  CHECK(InferredType({"2024-02-29"}) == "date");
  CHECK(InferredType({"2024-02-30"}) == "string");
  CHECK(InferredType({"2024-02-29 12:00:00"}) == "timestamp[us]");
  CHECK(InferredType({"2024-02-29T12:00:00Z"}) == "timestamp[us, UTC]");
  CHECK(InferredType({"2024-02-29T12:00:00Z", "2024-02-29T12:00:00"}) == "string");
  CHECK(InferredType({"2024-02-29T12:00:00+02:00"}) == "string");
  CHECK(InferredType({"{\"a\": 1}", "[]"}) == "json");
  CHECK(InferredType({"\"a\""}) == "string");
  CHECK(InferredType({"<null>"}) == "string");
  CHECK(InferredType({}) == "string");
  CHECK(InferredType({""}) == "string");
}

TEST_CASE("typed columns keep a type that can be declared; conflicts become strings") {
  const auto batch = [](std::shared_ptr<arrow::DataType> type) {
    return arrow::RecordBatch::Make(
        arrow::schema({arrow::field("c", type)}), 1,
        {arrow::MakeArrayFromScalar(*arrow::MakeScalar(int64_t{1})->CastTo(type).ValueOrDie(), 1)
             .ValueOrDie()});
  };
  CHECK(InferContract({batch(arrow::int16())}).ValueOrDie().columns[0].type_text == "int16");
  CHECK(InferContract({batch(arrow::int16()), batch(arrow::int32())})
            .ValueOrDie()
            .columns[0]
            .type_text == "string");
}

TEST_CASE("a contract as YAML quotes every text") {
  Contract contract;
  contract.columns = {Make("bool")};
  Column& c = contract.columns[0];
  c.name = "no";
  c.true_values = {"yes"};
  c.false_values = {"no"};
  c.from["a b"].path = "x\"y";
  c.default_value = "yes";
  CHECK(ContractYaml(contract) ==
        "version: 1\nunknown_columns: drop\ncolumns:\n"
        "  \"no\": {type: \"bool\", from: {\"a b\": \"x\\\"y\"}, default: \"yes\", "
        "bool_values: {\"true\": [\"yes\"], \"false\": [\"no\"]}}\n");
}

}  // namespace
}  // namespace millrace::contract
