#include "contract/type_hints.h"

#include <arrow/builder.h>
#include <doctest/doctest.h>

namespace millrace::contract {
namespace {

std::vector<std::string> Declared(const std::vector<std::string>& texts) {
  arrow::StringBuilder builder;
  for (const std::string& text : texts) {
    REQUIRE((text == "<null>" ? builder.AppendNull() : builder.Append(text)).ok());
  }
  auto array = std::static_pointer_cast<arrow::StringArray>(builder.Finish().ValueOrDie());
  std::vector<std::string> declarations;
  for (const TypeHint& hint : TypeHintsOf({array}).ValueOrDie()) {
    declarations.push_back(hint.declaration);
  }
  return declarations;
}

using Declarations = std::vector<std::string>;

TEST_CASE("dates that are written as people write them") {
  CHECK(Declared({"31.12.2026", "01.02.2026"}) ==
        Declarations{"type: \"date\", format: \"%d.%m.%Y\""});
  CHECK(Declared({"31/12/2026 10:20", "<null>"}) ==
        Declarations{"type: \"timestamp[us]\", format: \"%d/%m/%Y %H:%M\""});
}

TEST_CASE("where day and month may be either, both are told") {
  CHECK(Declared({"01/02/2026", "03/04/2026"}).size() == 2);
  CHECK(Declared({"01/02/2026", "03/24/2026"}) ==
        Declarations{"type: \"date\", format: \"%m/%d/%Y\""});
}

TEST_CASE("numbers whose zeros inference keeps") {
  CHECK(Declared({"1.50", "20.00", "-0.25"}) == Declarations{"type: \"decimal(18,2)\""});
  CHECK(Declared({"007", "1.50"}).empty());
  CHECK(Declared({"007", "123"}).empty());
  CHECK(Declared({"1.", "2.5"}).empty());
}

TEST_CASE("words for yes and no, and for no value") {
  CHECK(Declared({"yes", "no", "yes"}) ==
        Declarations{"type: bool, bool_values: {\"true\": \"yes\", \"false\": \"no\"}"});
  CHECK(Declared({"12", "NA", "7"}) == Declarations{"type: \"int64\", null_values: [\"NA\"]"});
  CHECK(Declared({"red", "-", "blue"}) == Declarations{"null_values: [\"-\"]"});
  CHECK(Declared({"\\N", "x"}) == Declarations{"null_values: [\"\\\\N\"]"});
}

TEST_CASE("white space, and nothing at all") {
  CHECK(Declared({" a", "b"}) == Declarations{"trim: both"});
  CHECK(Declared({"some text", "more"}).empty());
  CHECK(Declared({"<null>"}).empty());
  CHECK(Declared({}).empty());
}

}  // namespace
}  // namespace millrace::contract
