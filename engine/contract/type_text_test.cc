#include <arrow/type.h>
#include <doctest/doctest.h>

#include "contract/contract.h"

namespace millrace::contract {
namespace {

Diagnostic Problem(const std::string& text) {
  const auto type = ParseType(text, nullptr);
  REQUIRE_FALSE(type.ok());
  return DiagnosticsOf(type.status()).front();
}

TEST_CASE("types read back from their own text") {
  for (const char* text : {"bool",
                           "int8",
                           "int16",
                           "int32",
                           "int64",
                           "uint8",
                           "uint16",
                           "uint32",
                           "uint64",
                           "float32",
                           "float64",
                           "decimal(10,2)",
                           "decimal(76,0)",
                           "string",
                           "binary",
                           "date",
                           "time",
                           "time[s]",
                           "time[ms]",
                           "time[ns]",
                           "timestamp[us]",
                           "timestamp[ns, UTC]",
                           "timestamp[ms, Europe/Berlin]",
                           "timestamp[s, +02:00]",
                           "list<int64>",
                           "list<list<decimal(5,1)>>",
                           "struct<a: int64, b: list<string>>",
                           "struct<\"a b\": date, \"q\\\"\": struct<x: bool>>"}) {
    INFO(text);
    const auto type = ParseType(text, nullptr).ValueOrDie();
    CHECK(TypeText(*type) == text);
    CHECK(ParseType(TypeText(*type), nullptr).ValueOrDie()->Equals(type));
  }
  CHECK(ParseType(" list < int64 > ", nullptr).ValueOrDie()->Equals(arrow::list(arrow::int64())));
  CHECK(ParseType("decimal(38,0)", nullptr).ValueOrDie()->id() == arrow::Type::DECIMAL128);
  CHECK(ParseType("decimal(39,0)", nullptr).ValueOrDie()->id() == arrow::Type::DECIMAL256);
  bool is_json = false;
  CHECK(ParseType("json", &is_json).ValueOrDie()->Equals(arrow::utf8()));
  CHECK(is_json);
}

TEST_CASE("what is wrong with a type is named") {
  CHECK(Problem("int").suggestion == "did you mean `int64`?");
  CHECK(Problem("strng").suggestion == "did you mean `string`?");
  CHECK(Problem("list<innt64>").message.find("`innt64`") != std::string::npos);
  CHECK(Problem("list<innt64>").suggestion == "did you mean `int64`?");
  CHECK(Problem("decimal").suggestion == "write decimal(10,2)");
  CHECK(Problem("decimal(77,0)").suggestion == "use 1 to 76");
  CHECK(Problem("decimal(5,6)").message.find("scale larger") != std::string::npos);
  CHECK(Problem("decimal(a,b)").message.find("`a` where a number") != std::string::npos);
  CHECK(Problem("timestamp").message.find("unit") != std::string::npos);
  CHECK(Problem("timestamp[m]").suggestion == "units are s, ms, us, ns");
  CHECK(Problem("struct<a: int64, a: date>").message.find("`a` twice") != std::string::npos);
  CHECK(Problem("struct<a int64>").message.find("lacks `:`") != std::string::npos);
  CHECK(Problem("list<json>").suggestion == "make the whole column json");
  CHECK(Problem("int64 x").message.find("after its end") != std::string::npos);
  CHECK(Problem("").message.find("ends where") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "list<";
  CHECK(Problem(deep).message.find("nested deeper") != std::string::npos);
}

}  // namespace
}  // namespace millrace::contract
