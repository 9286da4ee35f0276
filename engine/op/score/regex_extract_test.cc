#include <doctest/doctest.h>

#include "contract/contract.h"
#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::Bind;
using testing::MakeChain;
using testing::Rows;
using testing::TextArray;
using testing::Values;
using Strings = std::vector<std::string>;

TEST_CASE("regex_extract makes a field of each named group") {
  const auto rows = Rows({{"u", TextArray({"see http://a.org/x", std::nullopt, "none",
                                           "https://b.de:80 and http://c.fr"})}});
  const auto chain = MakeChain(rows->schema(), {{"regex_extract",
                                                 "url",
                                                 {{"field", "u"},
                                                  {"pattern",
                                                   "https?://(?P<host>[^/ :]+)(?::(?P<port>[0-9]+"
                                                   "))?"}}}})
                         .ValueOrDie();
  const auto result = Apply(*chain, rows).rows;
  CHECK(Values(*result, "url_host") == Strings{"\"a.org\"", "null", "null", "\"b.de\""});
  CHECK(Values(*result, "url_port") == Strings{"\"\"", "null", "null", "\"80\""});
  CHECK(result->GetColumnByName("u") == rows->GetColumnByName("u"));
}

TEST_CASE("regex_extract tells what it cannot use") {
  const auto columns =
      arrow::schema({arrow::field("t", arrow::utf8()), arrow::field("x_a", arrow::utf8())});
  const auto problem = [&](const std::string& pattern) {
    return Bind("regex_extract", "x", {{"field", "t"}, {"pattern", pattern}}, columns)
        .status()
        .message();
  };
  CHECK(problem("[0-9]+") == "the pattern has no group with a name");
  CHECK(problem("(?P<b>[0-9]+)(x)") == "a group of the pattern has no name");
  CHECK(problem("(?P<a>[0-9]+)") == "there is a column `x_a` already");
  CHECK(problem("(?P<b>[0-9]+").find("missing )") != std::string::npos);
}

TEST_CASE("a part of a sensitive text is sensitive") {
  const auto columns =
      arrow::schema({MarkSensitive(arrow::field("t", arrow::utf8()), /*sensitive=*/true)});
  const auto bound =
      Bind("regex_extract", "x", {{"field", "t"}, {"pattern", "(?P<a>.)"}}, columns).ValueOrDie();
  CHECK(IsSensitive(*static_cast<const Annotator&>(*bound.op).adds()[0]));
}

}  // namespace
}  // namespace millrace::op
