#include <arrow/api.h>
#include <doctest/doctest.h>

#include <random>

#include "contract/binding.h"
#include "contract/value_text.h"

namespace millrace::contract {
namespace {

using Cell = std::optional<std::string>;
using Table = std::vector<std::pair<std::string, std::vector<Cell>>>;

std::shared_ptr<arrow::RecordBatch> Texts(const Table& table) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, cells] : table) {
    arrow::StringBuilder builder;
    for (const Cell& cell : cells)
      REQUIRE((cell ? builder.Append(*cell) : builder.AppendNull()).ok());
    fields.push_back(arrow::field(name, arrow::utf8()));
    arrays.push_back(builder.Finish().ValueOrDie());
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.empty() ? 0 : arrays[0]->length(),
                                  arrays);
}

Column Make(const std::string& name, const std::string& type) {
  Column column;
  column.name = name;
  column.type_text = type;
  column.type = ParseType(type, &column.is_json).ValueOrDie();
  return column;
}

Contract Of(std::vector<Column> columns) {
  Contract contract;
  contract.columns = std::move(columns);
  return contract;
}

struct Checked {
  CheckedBatch batch;
  std::vector<std::string> rows() const {  // each row as JSON values, joined
    std::vector<std::string> out;
    for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
      std::string text;
      for (int i = 0; i < batch.rows->num_columns(); ++i) {
        if (i > 0) text += '|';
        AppendValueJson(*batch.rows->column(i), row, &text);
      }
      out.push_back(text);
    }
    return out;
  }
};

Result<CheckedBatch> ApplyRaw(const Contract& contract, std::shared_ptr<arrow::RecordBatch> columns,
                              std::vector<io::CellError> errors = {}) {
  REQUIRE(ValidateContract(contract).empty());
  auto binding = Bind(contract, "src").ValueOrDie();
  ARROW_RETURN_NOT_OK(binding->BindFile(*columns->schema()));
  // What a reader does: one column per request, null where an optional one is absent.
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const io::FieldRequest& request : binding->projection().fields) {
    auto found = columns->GetColumnByName(request.path);
    if (!found) found = arrow::MakeArrayOfNull(arrow::utf8(), columns->num_rows()).ValueOrDie();
    fields.push_back(arrow::field(request.path, found->type()));
    arrays.push_back(found);
  }
  io::RawBatch raw;
  raw.columns = arrow::RecordBatch::Make(arrow::schema(fields), columns->num_rows(), arrays);
  raw.records = columns->num_rows();
  raw.cell_errors = std::move(errors);
  return binding->Apply(raw, io::Chunk{});
}

Result<Checked> TryApply(const Contract& contract, std::shared_ptr<arrow::RecordBatch> columns,
                         std::vector<io::CellError> errors = {}) {
  const int64_t records = columns->num_rows();
  Checked checked;
  ARROW_ASSIGN_OR_RAISE(checked.batch, ApplyRaw(contract, std::move(columns), std::move(errors)));
  REQUIRE_FALSE(checked.batch.failure);
  REQUIRE(checked.batch.rows->ValidateFull().ok());
  REQUIRE(checked.batch.rows->schema()->Equals(SchemaOf(contract)));
  REQUIRE(checked.batch.rows->num_rows() + static_cast<int64_t>(checked.batch.rejects.size()) ==
          records);
  REQUIRE(checked.batch.record_of_row.size() ==
          static_cast<size_t>(checked.batch.rows->num_rows()));
  return checked;
}

Checked Apply(const Contract& contract, std::shared_ptr<arrow::RecordBatch> columns,
              std::vector<io::CellError> errors = {}) {
  return TryApply(contract, std::move(columns), std::move(errors)).ValueOrDie();
}

// What on_error: fail ends the run with.
Reject FailureOf(const Contract& contract, std::shared_ptr<arrow::RecordBatch> columns) {
  const CheckedBatch batch = ApplyRaw(contract, std::move(columns)).ValueOrDie();
  REQUIRE(batch.failure);
  CHECK(batch.rows == nullptr);
  CHECK(batch.rejects.empty());
  return *batch.failure;
}

// Rule, value and threshold of each reject of a one-column contract.
std::vector<std::string> RejectsOf(const Column& column, const std::vector<Cell>& cells) {
  std::vector<std::string> out;
  for (const Reject& r : Apply(Of({column}), Texts({{column.name, cells}})).batch.rejects) {
    CHECK(r.column == column.name);
    out.push_back(std::to_string(r.record) + " " + r.rule + " " + r.value + " " + r.threshold);
  }
  return out;
}

using Words = std::vector<std::string>;

TEST_CASE("every rule rejects what breaks it and nothing else") {
  Column c = Make("c", "int64");
  CHECK(RejectsOf(c, {"1", "x", Cell(), "007"}) ==
        Words{"1 contract.type x int64", "3 contract.type 007 int64"});
  c.required = true;
  CHECK(RejectsOf(c, {"1", Cell()}) == Words{"1 contract.required  "});
  c = Make("c", "int32");
  c.min = "0";
  c.max = "10";
  CHECK(RejectsOf(c, {"-1", "0", "10", "11", Cell()}) ==
        Words{"0 contract.min -1 0", "3 contract.max 11 10"});
  c = Make("c", "date");
  c.min = "2024-01-01";
  CHECK(RejectsOf(c, {"2023-12-31", "2024-01-01"}) ==
        Words{"0 contract.min 2023-12-31 2024-01-01"});
  c = Make("c", "decimal(9,2)");
  c.max = "9.99";
  CHECK(RejectsOf(c, {"9.99", "10"}) == Words{"1 contract.max 10 9.99"});
  c = Make("c", "string");
  c.enum_values = {"a", "b"};
  CHECK(RejectsOf(c, {"a", "A", Cell(), "b"}) == Words{"1 contract.enum A a, b"});
  c = Make("c", "float64");
  c.enum_values = {"0.5", "1"};
  CHECK(RejectsOf(c, {"1.0", "0.50", "2"}) == Words{"2 contract.enum 2 0.5, 1"});
  c = Make("c", "string");
  c.length_min = 2;
  c.length_max = 3;
  CHECK(
      RejectsOf(c, {"é", "éé", "🙂🙂🙂", "abcd", ""}) ==
      Words{"0 contract.length é 2..3", "3 contract.length abcd 2..3", "4 contract.length  2..3"});
  c = Make("c", "list<int64>");
  c.length_max = 1;
  CHECK(RejectsOf(c, {"[1]", "[1,2]"}) == Words{"1 contract.length [1,2] 0..1"});
  c = Make("c", "string");
  c.regex = "[a-z]+|x\\d";
  CHECK(RejectsOf(c, {"abc", "abc1", "x1", "\nabc", "abc\n"}) ==
        Words{"1 contract.regex abc1 [a-z]+|x\\d", "3 contract.regex \nabc [a-z]+|x\\d",
              "4 contract.regex abc\n [a-z]+|x\\d"});
}

TEST_CASE("trim, null_values, default and required come in this order") {
  Column c = Make("c", "int64");
  c.trim = Trim::kBoth;
  c.null_values = {"NA", ""};
  c.default_value = "5";
  c.required = true;
  const auto checked =
      Apply(Of({c}), Texts({{"c", {" 1\u00a0", " NA ", "  ", Cell(), "x", "NA1"}}}));
  CHECK(checked.rows() == Words{"1", "5", "5", "5"});
  CHECK(checked.batch.record_of_row == std::vector<uint32_t>{0, 1, 2, 3});
  CHECK(checked.batch.rejects[0].value == "x");
  Column s = Make("s", "string");
  CHECK(Apply(Of({s}), Texts({{"s", {"", " ", Cell()}}})).rows() == Words{"\"\"", "\" \"", "null"});
}

TEST_CASE("a row is rejected once, for its first failing column; the others are named") {
  Column a = Make("a", "int64"), b = Make("b", "bool"), c = Make("c", "date");
  const auto checked = Apply(
      Of({a, b, c}), Texts({{"c", {"x", "2024-01-01"}}, {"b", {"x", "true"}}, {"a", {"1", "x"}}}));
  REQUIRE(checked.batch.rejects.size() == 2);
  CHECK(checked.batch.rejects[0].column == "b");
  CHECK(checked.batch.rejects[0].message.find("; so do `c` (contract.type)") != std::string::npos);
  CHECK(checked.batch.rejects[1].column == "a");
  CHECK(checked.batch.rejects[1].raw == R"({"a":"x","b":"true","c":"2024-01-01"})");
}

TEST_CASE("on_error: set_null keeps the row and counts, fail ends the run") {
  Column a = Make("a", "int64"), b = Make("b", "int64");
  a.on_error = OnError::kSetNull;
  a.default_value = "9";
  const auto table = Texts({{"a", {"1", "x", Cell(), "y"}}, {"b", {"1", "2", "3", "z"}}});
  const auto checked = Apply(Of({a, b}), table);
  CHECK(checked.rows() == Words{"1|1", "null|2", "9|3"});
  REQUIRE(checked.batch.nulled.size() == 1);
  CHECK(checked.batch.nulled[0].rows == 1);  // the other one is in a rejected row
  CHECK(checked.batch.nulled[0].rule == "contract.type");
  a.on_error = OnError::kFail;
  const auto failure = FailureOf(Of({a, b}), table);
  CHECK(failure.record == 1);
  CHECK(failure.column == "a");
  CHECK(failure.rule == "contract.type");
  CHECK(failure.value == "x");
  CHECK(failure.message.find("`x`") != std::string::npos);
  a.sensitive = true;
  CHECK(FailureOf(Of({a, b}), table).message.find("`x`") == std::string::npos);
  CHECK(FailureOf(Of({a, b}), table).value.empty());
}

TEST_CASE("on_error: fail tells the first row that fails, whichever column it is in") {
  Column a = Make("a", "int64"), b = Make("b", "int64");
  a.on_error = b.on_error = OnError::kFail;
  const auto table = Texts({{"a", {"1", "2", "x", "3"}}, {"b", {"1", "y", "z", "3"}}});
  CHECK(FailureOf(Of({a, b}), table).record == 1);
  CHECK(FailureOf(Of({a, b}), table).column == "b");
  CHECK(FailureOf(Of({a, b}), table).raw == R"({"a":"2","b":"y"})");
  CHECK(FailureOf(Of({a}), table).record == 2);
}

TEST_CASE("values of sensitive columns stay out of rejects, except raw") {
  for (const char* type : {"int64", "list<int64>", "date"}) {
    Column c = Make("c", type);
    c.sensitive = true;
    c.null_values = {"never"};
    const auto rejects = Apply(Of({c}), Texts({{"c", {"s3cret"}}})).batch.rejects;
    REQUIRE(rejects.size() == 1);
    CHECK(rejects[0].value.empty());
    CHECK(rejects[0].message.find("s3cret") == std::string::npos);
    CHECK(rejects[0].threshold.find("s3cret") == std::string::npos);
    CHECK(rejects[0].raw.find("s3cret") != std::string::npos);
  }
  const auto metadata = SchemaOf(Of({[] {
                          Column c = Make("c", "string");
                          c.sensitive = true;
                          return c;
                        }()}))
                            ->field(0)
                            ->metadata();
  CHECK(metadata->Get("millrace.sensitive").ValueOrDie() == "true");
}

TEST_CASE("errors of the reader's cells are treated like casts that failed") {
  Column c = Make("c", "string");
  c.default_value = "d";
  c.required = true;
  const auto checked =
      Apply(Of({c}), Texts({{"c", {Cell(), Cell()}}}), {{1, 0, "json.expected_scalar", "{}"}});
  CHECK(checked.rows() == Words{"\"d\""});
  REQUIRE(checked.batch.rejects.size() == 1);
  CHECK(checked.batch.rejects[0].rule == "json.expected_scalar");
  CHECK(checked.batch.rejects[0].value == "{}");
}

TEST_CASE("a value comes from a path, a constant or an expression") {
  Column a = Make("a", "int64"), b = Make("b", "string"), c = Make("c", "int64"),
         d = Make("d", "string");
  a.from[""].path = "x";
  b.from["src"].constant = "fix";
  c.from["src"].expression = "int64(x) * 2";
  d.from["other"].path = "y";  // nothing is said about this source: the same name, or null
  const auto checked = Apply(Of({a, b, c, d}), Texts({{"x", {"1", "boo"}}}));
  CHECK(checked.rows() == Words{"1|\"fix\"|2|null"});
  REQUIRE(checked.batch.rejects.size() == 1);
  Column only = c;
  const auto bad = Apply(Of({only}), Texts({{"x", {"1", "boo"}}}));
  REQUIRE(bad.batch.rejects.size() == 1);
  CHECK(bad.batch.rejects[0].rule.rfind("expr.", 0) == 0);
  CHECK(bad.batch.rejects[0].message.find("boo") == std::string::npos);
}

TEST_CASE("a wrong type in an expression is shown at its character of the config") {
  Column column = Make("c", "int64");
  column.from["src"].expression = "x + 1";
  column.from["src"].span = {"p.yaml", 7, 30, 5};
  auto binding = Bind(Of({column}), "src").ValueOrDie();
  const auto problems =
      DiagnosticsOf(binding->BindFile(*arrow::schema({arrow::field("x", arrow::date32())})));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].span.line == 7);
  CHECK(problems[0].span.column == 30);
  CHECK(problems[0].span.length == 1);
  CHECK(problems[0].message.find("a date") != std::string::npos);
}

TEST_CASE("missing and unknown columns are all named at once") {
  Contract contract = Of({Make("name", "string"), Make("age", "int64")});
  contract.unknown_columns = UnknownColumns::kFail;
  auto binding = Bind(contract, "src").ValueOrDie();
  const auto status = binding->BindFile(
      *arrow::schema({arrow::field("nmae", arrow::utf8()), arrow::field("city", arrow::utf8())}));
  const auto problems = DiagnosticsOf(status);
  REQUIRE(problems.size() == 4);
  CHECK(problems[0].code == ErrorCode::kMissingColumn);
  CHECK(problems[0].suggestion == "did you mean `nmae`?");
  CHECK(problems[2].code == ErrorCode::kUnknownColumn);
  CHECK(binding->projection().unknown == io::UnknownFields::kReject);
  CHECK(binding->BindFile(*arrow::schema(arrow::FieldVector{})).ok());  // of an empty file

  contract = WithKeptColumns(Of({Make("name", "string")}), {"city", "name", "__fdf__/row_id"});
  REQUIRE(contract.columns.size() == 2);
  CHECK(contract.columns[1].name == "city");
  CHECK(Apply(contract, Texts({{"name", {"a"}}})).rows() == Words{"\"a\"|null"});
}

TEST_CASE("typed columns pass, widen, or are read as text") {
  const auto typed = [](const char* type, std::shared_ptr<arrow::Array> values) {
    return Apply(Of({Make("c", type)}),
                 arrow::RecordBatch::Make(arrow::schema({arrow::field("c", values->type())}),
                                          values->length(), {values}));
  };
  arrow::Int32Builder ints;
  REQUIRE(ints.AppendValues({1, -300}).ok());
  const auto int32 = ints.Finish().ValueOrDie();
  CHECK(typed("int32", int32).batch.rows->column(0)->data()->buffers[1] ==
        int32->data()->buffers[1]);
  CHECK(typed("int64", int32).rows() == Words{"1", "-300"});
  CHECK(typed("float64", int32).rows() == Words{"1", "-300"});
  CHECK(typed("string", int32).rows() == Words{"\"1\"", "\"-300\""});
  CHECK(typed("decimal(12,1)", int32).rows() == Words{"1.0", "-300.0"});
  CHECK(typed("int8", int32).batch.rejects[0].value == "-300");
  CHECK(typed("date", int32).batch.rejects.size() == 2);
  arrow::DoubleBuilder doubles;
  REQUIRE(doubles.AppendValues({3.0, 2.5, 1e300}).ok());
  CHECK(typed("int64", doubles.Finish().ValueOrDie()).rows() == Words{"3"});
  arrow::BinaryBuilder bytes;
  REQUIRE(bytes.AppendValues({"ok", "\xff"}).ok());
  CHECK(typed("string", bytes.Finish().ValueOrDie()).rows() == Words{"\"ok\""});
}

TEST_CASE("texts without rules are not copied") {
  const auto table = Texts({{"c", {"a", Cell(), "b"}}});
  Column c = Make("c", "string");
  c.trim = Trim::kBoth;
  c.null_values = {"zz"};
  const auto checked = Apply(Of({c}), table);
  CHECK(checked.batch.rows->column(0)->data()->buffers[2] == table->column(0)->data()->buffers[2]);
}

// What one cell becomes, value by value: the oracle of the random test.
bool SlowKeeps(const Cell& number, const Cell& word) {
  if (word && word->size() > 3) return false;
  if (!number || *number == "NA") return true;
  for (char c : *number) {
    if (c < '0' || c > '9') return false;
  }
  return !number->empty() && (number->size() == 1 || (*number)[0] != '0') &&
         std::stoi(*number) <= 500;
}

TEST_CASE("random batches: rows and rejects are what a row by row reading says, slices too") {
  const uint64_t seed = 20241125;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  Column number = Make("n", "int16"), word = Make("w", "string");
  number.max = "500";
  number.null_values = {"NA"};
  word.length_max = 3;
  static const char* const kNumbers[] = {"0", "7", "500", "501", "007", "NA", "", "x", "12"};
  static const char* const kWords[] = {"", "a", "abc", "abcd"};
  for (int round = 0; round < 200; ++round) {
    std::vector<Cell> numbers, words;
    const size_t rows = random() % 50, before = random() % 9;
    const bool clean = random() % 2 == 0;
    for (size_t i = 0; i < rows + before; ++i) {
      numbers.push_back(clean               ? Cell("5")
                        : random() % 5 == 0 ? Cell()
                                            : Cell(kNumbers[random() % 9]));
      words.push_back(clean ? Cell("ab") : random() % 5 == 0 ? Cell() : Cell(kWords[random() % 4]));
    }
    const auto table = Texts({{"n", numbers}, {"w", words}})->Slice(static_cast<int64_t>(before));
    const auto checked = Apply(Of({number, word}), table);
    std::vector<uint32_t> kept;
    for (size_t i = 0; i < rows; ++i) {
      if (SlowKeeps(numbers[before + i], words[before + i]))
        kept.push_back(static_cast<uint32_t>(i));
    }
    REQUIRE(checked.batch.record_of_row == kept);
    for (size_t i = 0; i < kept.size(); ++i) {
      const auto& words_out =
          static_cast<const arrow::StringArray&>(*checked.batch.rows->column(1));
      const Cell& want = words[before + kept[i]];
      REQUIRE(words_out.IsValid(static_cast<int64_t>(i)) == want.has_value());
      if (want) REQUIRE(words_out.GetView(static_cast<int64_t>(i)) == *want);
    }
  }
}

}  // namespace
}  // namespace millrace::contract
