#include "expr/expression.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>

#include "expr/functions.h"

namespace millrace::expr {
namespace {

template <class Builder, class Value>
std::shared_ptr<arrow::Array> ArrayOf(const std::vector<std::optional<Value>>& values) {
  Builder builder;
  for (const auto& value : values) {
    REQUIRE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

// Two rows; the second is all null.
std::shared_ptr<arrow::RecordBatch> Batch() {
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("s", arrow::utf8()), arrow::field("n", arrow::int64()),
                     arrow::field("x", arrow::float64()), arrow::field("b", arrow::boolean()),
                     arrow::field("doc.id", arrow::utf8()), arrow::field("odd name", arrow::utf8()),
                     arrow::field("when_", arrow::date32()), arrow::field("u", arrow::uint64())}),
      2,
      {ArrayOf<arrow::StringBuilder, std::string>({" Ünï 42 ", std::nullopt}),
       ArrayOf<arrow::Int64Builder, int64_t>({7, std::nullopt}),
       ArrayOf<arrow::DoubleBuilder, double>({2.5, std::nullopt}),
       ArrayOf<arrow::BooleanBuilder, bool>({true, std::nullopt}),
       ArrayOf<arrow::StringBuilder, std::string>({"007", std::nullopt}),
       ArrayOf<arrow::StringBuilder, std::string>({"o'clock", std::nullopt}),
       ArrayOf<arrow::Date32Builder, int32_t>({1, std::nullopt}),
       ArrayOf<arrow::UInt64Builder, uint64_t>({UINT64_MAX, std::nullopt})});
}

// The value of a row as text: "null", "error RULE", or the value.
std::string Value(const std::string& text, int64_t row = 0) {
  auto expression = Expression::Parse(text);
  REQUIRE_MESSAGE(expression.ok(), text << ": " << expression.status().ToString());
  auto evaluation = expression->Evaluate(*Batch());
  REQUIRE_MESSAGE(evaluation.ok(), text << ": " << evaluation.status().ToString());
  CHECK(evaluation->values->length() == 2);
  CHECK(evaluation->values->ValidateFull().ok());
  for (const RowError& error : evaluation->errors) {
    CHECK(evaluation->values->IsNull(error.row));
    if (error.row == row) return "error " + error.rule;
  }
  return evaluation->values->GetScalar(row).ValueOrDie()->ToString();
}

Diagnostic ParseProblem(const std::string& text) {
  auto expression = Expression::Parse(text);
  REQUIRE_MESSAGE(!expression.ok(), text);
  CHECK(CodeOf(expression.status()) == ErrorCode::kBadExpression);
  return DiagnosticsOf(expression.status())[0];
}

std::vector<Diagnostic> TypeProblems(const std::string& text) {
  auto expression = Expression::Parse(text);
  REQUIRE_MESSAGE(expression.ok(), expression.status().ToString());
  const auto type = expression->TypeCheck(*Batch()->schema());
  REQUIRE_MESSAGE(!type.ok(), text);
  return DiagnosticsOf(type.status());
}

}  // namespace

TEST_CASE("values") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3", "9"},
      {"-n", "-7"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"7 % 4 - -1", "4"},
      {"n / 2", "3.5"},
      {"n * x", "17.5"},
      {"n + 0.5 = 7.5", "true"},
      {"lower(trim(s)) || '!'", "ünï 42!"},
      {"length(s)", "8"},
      {"substr(s, 2, 3)", "Ünï"},
      {"substr(s, 6)", "42 "},
      {"substr(s, -3, 1)", " "},
      {"replace(s, '42', 'x')", " Ünï x "},
      {"regex_match(s, '[0-9]+')", "true"},
      {"regex_extract(s, '(?P<d>[0-9]+)')", "42"},
      {"int64(regex_extract(s, '(?P<d>[0-9]+)')) + 1", "43"},
      {"starts_with(s, ' ') and not ends_with(s, 'x') and contains(s, 'n')", "true"},
      {"doc.id", "007"},
      {"int64(doc.id)", "7"},
      {"`odd name` = 'o''clock'", "true"},
      {"n in (1, 2, 7)", "true"},
      {"n not in (1, 2)", "true"},
      {"n between 1 and 7", "true"},
      {"n not between 1 and 6", "true"},
      {"s is not null", "true"},
      {"case when n > 9 then 'big' when n > 5 then 'middle' else 'small' end", "middle"},
      {"case when n > 9 then 1 end", "null"},
      {"if(b, 1, 2)", "1"},
      {"coalesce(null, n, 0)", "7"},
      {"nullif(n, 7)", "null"},
      {"text(n) || text(x) || text(b)", "72.5true"},
      {"round(x) + floor(x) + ceil(x) + abs(-1)", "8"},
      {"bool('TRUE' || '')", "error expr.cast"},
      {"bool('true') and bool(1)", "true"},
      {"s = 'x' or null", "null"},
      {"n = 7 or null", "true"},
      {"1e3", "1000"},
  };
  for (const auto& row : table) CHECK_MESSAGE(Value(row.first) == row.second, row.first);
}

TEST_CASE("null makes null, but for what asks about it") {
  for (const char* text : {"n + 1", "s || 'x'", "lower(s)", "n > 1", "x / 0", "not b", "-n",
                           "int64(doc.id)", "substr(s, 1)", "n in (1)", "if(b, s, s)"}) {
    CHECK_MESSAGE(Value(text, 1) == "null", text);
  }
  CHECK(Value("n is null", 1) == "true");
  CHECK(Value("coalesce(n, 3)", 1) == "3");
  CHECK(Value("b or true", 1) == "true");
  CHECK(Value("b and false", 1) == "false");
}

TEST_CASE("what cannot be computed is an error of its row, where the row needs it") {
  CHECK(Value("n / 0") == "error expr.divide_by_zero");
  CHECK(Value("n % 0") == "error expr.divide_by_zero");
  CHECK(Value("9223372036854775807 + n") == "error expr.overflow");
  CHECK(Value("abs(-9223372036854775808)") == "error expr.overflow");
  CHECK(Value("u + 1") == "error expr.overflow");
  CHECK(Value("int64(s)") == "error expr.cast");
  CHECK(Value("int64(x)") == "error expr.cast");
  CHECK(Value("try(int64(s))") == "null");
  CHECK(Value("coalesce(try(int64(s)), 0)") == "0");
  CHECK(Value("n / 0 > 1 or true") == "error expr.divide_by_zero");
  CHECK(Value("true or n / 0 > 1") == "true");
  CHECK(Value("b or int64(s) = 1") == "true");
  CHECK(Value("not b and int64(s) = 1") == "false");
  CHECK(Value("if(b, 1, int64(s))") == "1");
  CHECK(Value("case when n = 0 then 1 / n when b then 5 else n / 0 end") == "5");
  CHECK(Value("coalesce(n, int64(s))") == "7");
  CHECK(Value("int64(s) is null") == "error expr.cast");
}

TEST_CASE("integer arithmetic agrees with a wider machine") {
  const char* seed_text = std::getenv("MILLRACE_SEED");
  const unsigned seed = seed_text ? static_cast<unsigned>(std::atoi(seed_text)) : 20261121;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const auto a = static_cast<int64_t>(random() >> (random() % 64)) * (random() % 2 ? 1 : -1);
    const auto b = static_cast<int64_t>(random() >> (random() % 64)) * (random() % 2 ? 1 : -1);
    const char op = "+-*"[random() % 3];
    const __int128 wide = op == '+'   ? static_cast<__int128>(a) + b
                          : op == '-' ? static_cast<__int128>(a) - b
                                      : static_cast<__int128>(a) * b;
    const std::string text = std::to_string(a) + " " + op + " " + std::to_string(b);
    const bool fits = wide >= INT64_MIN && wide <= INT64_MAX;
    CHECK_MESSAGE(Value(text) == (fits ? std::to_string(static_cast<int64_t>(wide))
                                       : std::string("error expr.overflow")),
                  text);
  }
}

TEST_CASE("problems point at their character") {
  CHECK(ParseProblem("1 + ").span.column == 5);
  CHECK(ParseProblem("a = 'öffen").span.column == 5);
  CHECK(ParseProblem("'ö' = \"x\"").span.column == 7);
  CHECK(ParseProblem("lowr(s)").suggestion == "did you mean `lower`?");
  CHECK(ParseProblem("n between 1 or 2").message.find("`and`") != std::string::npos);
  CHECK(ParseProblem("99999999999999999999").span.length == 20);
  CHECK(ParseProblem("1x").span.column == 1);
  CHECK(ParseProblem("").span.column == 1);
  CHECK(ParseProblem(std::string(200, '(') + "1" + std::string(200, ')')).message.find("deep") !=
        std::string::npos);
  CHECK(ParseProblem(std::string(200, '-') + "x").message.find("deep") != std::string::npos);
  CHECK(ParseProblem(std::string(kTextBytesMax + 1, ' ')).message.find("longer") !=
        std::string::npos);
}

TEST_CASE("types are checked, all problems at once") {
  CHECK(TypeProblems("s + 1")[0].suggestion.find("int64") != std::string::npos);
  CHECK(TypeProblems("nn > 1")[0].suggestion == "did you mean `n`?");
  CHECK(TypeProblems("nn > 1 and upper(n) = mm").size() == 3);
  CHECK(TypeProblems("when_ = 1")[0].message == "a date and an integer do not go together");
  CHECK(TypeProblems("lower(s, s)")[0].suggestion == "it is written lower(text)");
  CHECK(TypeProblems("lower()").size() == 1);
  CHECK(TypeProblems("substr(s)").size() == 1);
  CHECK(TypeProblems("regex_match(s, s)").size() == 1);
  CHECK(TypeProblems("regex_match(s, '(')").size() == 1);
  CHECK(TypeProblems("regex_extract(s, '[0-9]+')")[0].suggestion.find("?P<name>") !=
        std::string::npos);
  CHECK(TypeProblems("if(n, 1, 2)").size() == 1);
  CHECK(TypeProblems("case when b then 1 else 'x' end").size() == 1);
  const auto columns = Expression::Parse("b + doc.id + b + `odd name`").ValueOrDie().columns();
  CHECK(columns == std::vector<std::string>{"b", "doc.id", "odd name"});
  CHECK(Expression::Parse("n > 1").ValueOrDie().CheckPredicate(*Batch()->schema()).ok());
  CHECK(!Expression::Parse("n + 1").ValueOrDie().CheckPredicate(*Batch()->schema()).ok());
}

TEST_CASE("texts beyond the basics") {
  CHECK(Value("'100%' like '100\\%'") == "true");
  CHECK(Value("'1000' like '100\\%'") == "false");
  CHECK(Value("'a\nb' like 'a%b'") == "true");
  CHECK(Value("'Straße' ilike 'STRA_E'") == "true");
  CHECK(Value("'ab' not like 'a_'") == "false");
  CHECK(Value("not 'ab' like 'b%' and true") == "true");
  CHECK(Value("regex_match('Abc', '(?i)^ab')") == "true");
  CHECK(Value("strip_accents('Crème bru\u0302lée, Ångström, 한글 が ø')") ==
        "Creme brulee, Angstrom, 한글 が ø");
  CHECK(Value("sha256('abc')") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Value("split_part('a--b--c', '--', -1)") == "c");
  CHECK(Value("split_part('a--b', '--', 3)") == "");
  CHECK(Value("split_part('a', '-', n - n)") == "error expr.no_part");
  CHECK(Value("lpad('7', 3, '0')") == "007");
  CHECK(Value("lpad('12345', 3)") == "123");
  CHECK(Value("repeat('ab', 1000000)") == "error expr.too_long");
  CHECK(Value("lpad('a', 9223372036854775807)") == "error expr.too_long");
  CHECK(Value("left('äöü', -1)") == "äö");
  CHECK(Value("right('äöü', 9)") == "äöü");
  CHECK(Value("week(date('2027-01-01'))") == "53");
  CHECK(Value("quarter(date('2026-11-28'))") == "4");
  CHECK(Value("days_between(date('2024-02-28'), timestamp('2024-03-01T00:00:00Z'))") == "2");
  CHECK(TypeProblems("s like n")[0].message == "this must be a 'text' written out");
  CHECK(TypeProblems("n like 'a'").size() == 1);
  CHECK(TypeProblems("split_part(s, '', 1)")[0].message == "the separator is empty");
  CHECK(TypeProblems("split_part(s, '-', 0)").size() == 1);
  CHECK(TypeProblems("rpad(s, 3, '')")[0].message == "the fill is empty");
  CHECK(TypeProblems("regex_replace(s, '(', '')").size() == 1);
  CHECK(TypeProblems("regex_replace(s, 'a', '\\3')").size() == 1);
  CHECK(ParseProblem("s not lik 'a'").message.find("`like`") != std::string::npos);
}

TEST_CASE("members of structs are read by their path") {
  const auto title = arrow::field("title", arrow::utf8());
  const auto doc = arrow::field("doc", arrow::struct_({title, arrow::field("n", arrow::int64())}));
  const auto schema = arrow::schema({doc, arrow::field("doc.n", arrow::utf8())});
  const auto parsed = [](const std::string& text) { return Expression::Parse(text).ValueOrDie(); };
  CHECK((*parsed("doc.title").TypeCheck(*schema))->id() == arrow::Type::STRING);
  CHECK((*parsed("doc.n").TypeCheck(*schema))->id() == arrow::Type::STRING);  // the whole name
  const auto problem = [&](const std::string& text) {
    return DiagnosticsOf(parsed(text).TypeCheck(*schema).status()).at(0);
  };
  CHECK(problem("doc.titel").message == "`doc` has no member `titel`");
  CHECK(problem("doc.titel").suggestion == "did you mean `title`?");
  CHECK(problem("doc").suggestion == "read a member of it: `doc.title`");
  CHECK(problem("`doc.title`").message == "there is no column `doc.title`");
  CHECK(problem("dog.title").message == "there is no column `dog.title`");
  CHECK(parsed("doc.title || doc.n || doc.title").ColumnsOf(*schema) ==
        std::vector<std::string>{"doc", "doc.n"});
}

TEST_CASE("the documentation lists the functions of the table") {
  std::ifstream in(MILLRACE_SOURCE_DIR "/docs/expressions.md");
  std::stringstream content;
  content << in.rdbuf();
  CHECK_MESSAGE(content.str().find(FunctionsMarkdown()) != std::string::npos,
                "docs/expressions.md should hold:\n"
                    << FunctionsMarkdown());
}

}  // namespace millrace::expr
