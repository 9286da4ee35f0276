#include <doctest/doctest.h>

#include <set>

#include "contract/model/pii.h"
#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::Bind;
using testing::MakeChain;
using testing::Parameters;
using testing::Rows;
using testing::TextArray;
using testing::Texts;
using testing::Values;
using Strings = std::vector<std::string>;

ChainResult Redacted(const Texts& texts, Parameters parameters) {
  const auto rows = Rows({{"t", TextArray(texts)}});
  parameters.emplace_back("field", "t");
  const auto chain = MakeChain(rows->schema(), {{"redact_pii", "r", parameters}}).ValueOrDie();
  return Apply(*chain, rows);
}

std::string Redacted(const std::string& text, const Parameters& parameters = {}) {
  const auto result = Redacted(Texts{text}, parameters);
  const auto& texts = static_cast<const arrow::StringArray&>(*result.rows->GetColumnByName("t"));
  return texts.GetString(0);
}

const Parameters kPseudonyms = {{"mode", "pseudonym"}, {"key", "${env:KEY}"}};

TEST_CASE("redact_pii puts tags where personal data was") {
  const ChainResult result =
      Redacted({"write a.b@c.org or call +49 30 1234567", std::nullopt, "nothing 10.0.0.1 here",
                "8.8.8.8, 2001:4860:4860::8888; 4111 1111 1111 1111 (DE89 3704 0044 0532 0130 00)"},
               {});
  CHECK(Values(*result.rows, "t") == Strings{"\"write <EMAIL> or call <PHONE>\"", "null",
                                             "\"nothing 10.0.0.1 here\"",
                                             "\"<IP>, <IP>; <CARD> (<IBAN>)\""});
  CHECK(Values(*result.rows, "__fdf__/refined_by") == Strings{"[\"r\"]", "[]", "[]", "[\"r\"]"});
}

TEST_CASE("only the kinds that are asked for are replaced") {
  CHECK(Redacted("a@b.org 8.8.8.8", {{"kinds", "ipv4, phone"}}) == "a@b.org <IP>");
  CHECK(Redacted("a@b.org 8.8.8.8", {{"kinds", "email"}}) == "<EMAIL> 8.8.8.8");
}

TEST_CASE("pseudonyms are the same for the same value, whatever its spelling") {
  const std::string one = Redacted("Ann@B.org", kPseudonyms);
  CHECK(one.size() == std::string("<EMAIL_>").size() + 16);
  CHECK(one == Redacted("ann@b.ORG", kPseudonyms));
  CHECK(one != Redacted("ann@b.com", kPseudonyms));
  CHECK(one != Redacted("Ann@B.org", {{"mode", "pseudonym"}, {"key", "${env:OTHER}"}}));
  CHECK(Redacted("4111 1111 1111 1111", kPseudonyms) ==
        Redacted("4111-1111-1111-1111", kPseudonyms));
  CHECK(Redacted("DE89 3704 0044 0532 0130 00", kPseudonyms) ==
        Redacted("DE89370400440532013000", kPseudonyms));
  CHECK(Redacted("+49 30 1234567", kPseudonyms) == Redacted("+49 (30) 123-4567", kPseudonyms));
}

TEST_CASE("what was redacted holds nothing to redact, and another key is another identity") {
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const std::string text = Redacted("u" + std::to_string(i) + "@b.org", kPseudonyms);
    CHECK(contract::FindPii(text) == 0);
    seen.insert(text);
  }
  CHECK(seen.size() == 500);
  const auto columns = arrow::schema({arrow::field("t", arrow::utf8())});
  const auto identity = [&](const Parameters& more) {
    Parameters parameters = more;
    parameters.emplace_back("field", "t");
    return Bind("redact_pii", "r", parameters, columns).ValueOrDie().op->Identity();
  };
  CHECK(identity({}).empty());
  CHECK(identity(kPseudonyms) == identity(kPseudonyms));
  CHECK(identity(kPseudonyms) != identity({{"mode", "pseudonym"}, {"key", "${env:OTHER}"}}));
  CHECK(identity(kPseudonyms).find("KEY") == std::string::npos);
}

TEST_CASE("redact_pii tells what it cannot use") {
  const auto columns = arrow::schema({arrow::field("t", arrow::utf8())});
  const auto problem = [&](Parameters parameters) {
    parameters.emplace_back("field", "t");
    return Bind("redact_pii", "r", parameters, columns).status().message();
  };
  CHECK(problem({{"kinds", "mail"}}).find("no kind of personal data") != std::string::npos);
  CHECK(problem({{"mode", "pseudonym"}}) == "`mode: pseudonym` needs a `key`");
  CHECK(problem({{"key", "${env:KEY}"}}) == "`key` has no effect without `mode: pseudonym`");
  CHECK(problem({{"mode", "pseudonym"}, {"key", ""}}) == "the `key` is empty");
}

TEST_CASE("a secret that cannot be read is told at its parameter") {
  const auto columns = arrow::schema({arrow::field("t", arrow::utf8())});
  const ConfigValue value = testing::InstanceValue(
      "redact_pii", "r", {{"field", "t"}, {"mode", "pseudonym"}, {"key", "${env:GONE}"}});
  std::vector<Problem> problems;
  const auto fails = [](const std::string&) -> Result<std::string> {
    return MakeError(ErrorCode::kUnknownReference, "there is no `GONE`");
  };
  CHECK(FindOperator("redact_pii")
            ->make(Request(value, "r", 0, columns, &problems, {fails, nullptr})) == nullptr);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].where == value.Find("key"));
  CHECK(problems[0].diagnostic.message == "there is no `GONE`");
  // Where nothing is to be run, nothing is read.
  problems.clear();
  CHECK(FindOperator("redact_pii")->make(Request(value, "r", 0, columns, &problems)) != nullptr);
}

}  // namespace
}  // namespace millrace::op
