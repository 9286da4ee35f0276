// Dates, times, timestamps and decimals: what is computed, and what is refused where.
#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/scalar.h>
#include <doctest/doctest.h>

#include "expr/expression.h"

namespace millrace::expr {
namespace {

std::shared_ptr<arrow::RecordBatch> Batch() {
  const auto us = arrow::TimeUnit::MICRO;
  const std::vector<std::pair<std::string, std::shared_ptr<arrow::DataType>>> columns = {
      {"day", arrow::date32()},
      {"at", arrow::timestamp(us, "UTC")},
      {"far", arrow::timestamp(arrow::TimeUnit::SECOND, "UTC")},
      {"fine", arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Berlin")},
      {"wall", arrow::timestamp(us)},
      {"tod", arrow::time32(arrow::TimeUnit::MILLI)},
      {"price", arrow::decimal128(9, 2)},
      {"deep", arrow::decimal128(38, 30)},
      {"x", arrow::float64()},
      {"n", arrow::int64()},
      {"s", arrow::utf8()},
      {"raw", arrow::binary()}};
  // 2024-02-29, 2024-02-29T23:30:00.5Z, year 9999, 2024-02-29T23:30Z, ...; the second row is null.
  const std::vector<std::string> values = {"19782",
                                           "1709249400500000",
                                           "253402300799",
                                           "1709249400000000001",
                                           "-1",
                                           "47100250",
                                           "\"12.50\"",
                                           "\"0.000000000000000000000000000001\"",
                                           "2.5",
                                           "3",
                                           "\"2024-02-29\"",
                                           "\"x\""};
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(arrow::field(columns[i].first, columns[i].second));
    arrays.push_back(
        arrow::json::ArrayFromJSONString(columns[i].second, "[" + values[i] + ", null]")
            .ValueOrDie());
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), 2, arrays);
}

std::string Value(const std::string& text, int64_t row = 0) {
  const auto expression = Expression::Parse(text);
  REQUIRE_MESSAGE(expression.ok(), text << ": " << expression.status().ToString());
  const auto evaluation = expression->Evaluate(*Batch());
  REQUIRE_MESSAGE(evaluation.ok(), text << ": " << evaluation.status().ToString());
  REQUIRE(evaluation->values->ValidateFull().ok());
  for (const RowError& error : evaluation->errors) {
    if (error.row == row) return "error " + error.rule;
  }
  return evaluation->values->GetScalar(row).ValueOrDie()->ToString();
}

Diagnostic Problem(const std::string& text) {
  const auto expression = Expression::Parse(text);
  REQUIRE_MESSAGE(expression.ok(), text << ": " << expression.status().ToString());
  const auto type = expression->TypeCheck(*Batch()->schema());
  REQUIRE_MESSAGE(!type.ok(), text);
  CHECK_MESSAGE(DiagnosticsOf(type.status()).size() == 1, text);
  return DiagnosticsOf(type.status())[0];
}

}  // namespace

TEST_CASE("dates, times and timestamps") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"day = date('2024-02-29')", "true"},
      {"day between date('2024-01-01') and date('2024-12-31')", "true"},
      {"day in (date('2024-02-28'), date('2024-02-29'))", "true"},
      {"date(s) = day", "true"},
      {"date(at)", "2024-02-29"},
      {"year(day) * 10000 + month(day) * 100 + day(day)", "20240229"},
      {"weekday(day)", "4"},
      {"weekday(date('1969-12-28'))", "7"},
      {"hour(at) * 100 + minute(at)", "2330"},
      {"second(wall)", "59"},
      {"year(wall)", "1969"},
      {"text(wall)", "1969-12-31T23:59:59.999999"},
      {"text(at)", "2024-02-29T23:30:00.5Z"},
      {"text(tod)", "13:05:00.25"},
      {"text(day)", "2024-02-29"},
      {"at > timestamp('2024-03-01T00:30:00+01:00')", "true"},
      {"at = fine", "false"},
      {"at > fine", "true"},
      {"far > fine and far > at", "true"},  // exact, although nanoseconds end in 2262
      {"year(coalesce(at, fine))", "2024"},
      {"coalesce(far, fine) is null", "error expr.overflow"},
      {"if(day is null, far, fine) > at", "false"},
      {"timestamp(wall) < at", "true"},
      {"local_timestamp(day) <= local_timestamp(at)", "true"},
      {"time(at) > tod and time('13:05:00.25') = tod", "true"},
      {"day is null", "false"},
      {"date(s || 'x')", "error expr.cast"},
      {"date(concat('2024-02-3', '0'))", "error expr.cast"},
      {"try(date('20' || 'x'))", "null"},
  };
  for (const auto& row : table) CHECK_MESSAGE(Value(row.first) == row.second, row.first);
  for (const char* text :
       {"day = date('2024-02-29')", "year(day)", "text(at)", "date(at)", "at < far", "time(at)",
        "price + 1", "-price", "int64(price)", "price in (1, 2)"}) {
    CHECK_MESSAGE(Value(text, 1) == "null", text);
  }
  CHECK(Value("day is null and price is null", 1) == "true");
}

TEST_CASE("decimals are exact") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"price = 12.5", "true"},
      {"price = 12.5000000000000000000000000000000001", "false"},
      {"price > -12.51 and price < n * 5", "true"},
      {"price + 0.001", "12.501"},
      {"price - n", "9.50"},
      {"-price * 3", "-37.50"},
      {"price * price", "156.2500"},
      {"abs(price - 20)", "7.50"},
      {"deep * n", "3E-30"},
      {"text(deep)", "0.000000000000000000000000000001"},
      {"price = deep", "false"},
      {"deep + 99999999", "99999999.000000000000000000000000000001"},
      {"deep + 999999999", "error expr.overflow"},
      {"text(price)", "12.50"},
      {"float64(price) / 2", "6.25"},
      {"int64(price)", "error expr.cast"},
      {"int64(price * 2)", "25"},
      {"decimal(s, 5, 2)", "error expr.cast"},
      {"decimal('7', 5, 2)", "7.00"},
      {"decimal(x, 5, 1)", "2.5"},
      {"decimal(x, 5, 0)", "error expr.cast"},
      {"decimal(price, 3, 1)", "12.5"},
      {"decimal(price, 2, 1)", "error expr.cast"},
      {"case when price > 10 then price else 0 end", "12.50"},
      {"price between 12.50 and 12.50", "true"},
      {"bool(price - 11.50)", "true"},
  };
  for (const auto& row : table) CHECK_MESSAGE(Value(row.first) == row.second, row.first);
}

TEST_CASE("what does not go together is refused, with a way out") {
  CHECK(Problem("day >= '2024-01-01'").suggestion.find("date(") == 0);
  CHECK(Problem("at >= '2024-01-01'").suggestion.find("timestamp(") == 0);
  CHECK(Problem("wall = s").suggestion.find("local_timestamp(") == 0);
  CHECK(Problem("at = wall").suggestion.find("as UTC") != std::string::npos);
  CHECK(Problem("day = at").suggestion.find("date(") == 0);
  CHECK(Problem("day = 1").message == "a date and an integer do not go together");
  CHECK(Problem("price * x").suggestion.find("float64(") == 0);
  CHECK(Problem("price / 2").suggestion.find("float64(") == 0);
  CHECK(Problem("price % 2").message.find("a decimal") != std::string::npos);
  CHECK(Problem("deep * deep").message.find("38 places") != std::string::npos);
  CHECK(Problem("day + 1").message.find("a date") != std::string::npos);
  CHECK(Problem("year(tod)").message.find("a date or a timestamp") != std::string::npos);
  CHECK(Problem("year(s)").suggestion.find("date(") == 0);
  CHECK(Problem("hour(day)").message.find("a time or a timestamp") != std::string::npos);
  CHECK(Problem("int64(day)").message.find("a date") != std::string::npos);
  CHECK(Problem("raw = s").message.find("binary") != std::string::npos);
  CHECK(Problem("decimal(n, 39, 0)").span.column == 12);
  CHECK(Problem("decimal(n, 3, 4)").span.column == 15);
  CHECK(Problem("decimal(n, n, 4)").message.find("written out") != std::string::npos);
  // A text that is written out is looked at before any row is.
  CHECK(Problem("day > date('2023-02-29')").span.column == 12);
  CHECK(Problem("day > date('2023-02-29')").message.find("calendar") != std::string::npos);
  CHECK(Problem("at > timestamp('2023-02-28T10:00')").message.find("no zone") != std::string::npos);
  CHECK(Problem("wall > local_timestamp('2023-02-28T10:00Z')").message.find("has a zone") !=
        std::string::npos);
  CHECK(Problem("tod = time('25:00')").span.length == 7);
  CHECK(Problem("at = timestamp('2023-02-28T10:00:00.0000001Z')").message.find("finer") !=
        std::string::npos);
}

}  // namespace millrace::expr
