// The evaluation against a slow, obvious one: random expressions over random rows.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/util/decimal.h>
#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>

#include "expr/expression.h"
#include "expr/testing/generator.h"

namespace millrace::expr {
namespace {

using testing::Column;
using testing::Columns;
using testing::Value;

std::string NameOf(const Column& column) {
  return column.name[0] == '`' ? "odd `name" : column.name;
}

Status Append(const Value& value, const Column& column, arrow::ArrayBuilder* builder) {
  if (value.failed()) {
    return static_cast<arrow::UInt64Builder*>(builder)->Append(uint64_t{1} << 63);
  }
  if (value.null()) return builder->AppendNull();
  switch (column.type->id()) {
    case arrow::Type::BOOL:
      return static_cast<arrow::BooleanBuilder*>(builder)->Append(value.boolean);
    case arrow::Type::INT8:
      return static_cast<arrow::Int8Builder*>(builder)->Append(static_cast<int8_t>(value.integer));
    case arrow::Type::UINT64:
      return static_cast<arrow::UInt64Builder*>(builder)->Append(
          static_cast<uint64_t>(value.integer));
    case arrow::Type::FLOAT:
      return static_cast<arrow::FloatBuilder*>(builder)->Append(static_cast<float>(value.real));
    case arrow::Type::DOUBLE:
      return static_cast<arrow::DoubleBuilder*>(builder)->Append(value.real);
    case arrow::Type::STRING:
      return static_cast<arrow::StringBuilder*>(builder)->Append(value.text);
    case arrow::Type::DECIMAL128:
      return static_cast<arrow::Decimal128Builder*>(builder)->Append(
          arrow::Decimal128(value.decimal.Text()));
    case arrow::Type::DATE32:
      return static_cast<arrow::Date32Builder*>(builder)->Append(
          static_cast<int32_t>(value.integer));
    case arrow::Type::TIME32:
      return static_cast<arrow::Time32Builder*>(builder)->Append(
          static_cast<int32_t>(value.integer));
    case arrow::Type::TIME64:
      return static_cast<arrow::Time64Builder*>(builder)->Append(value.integer);
    case arrow::Type::TIMESTAMP:
      return static_cast<arrow::TimestampBuilder*>(builder)->Append(value.integer);
    default:
      return static_cast<arrow::Int64Builder*>(builder)->Append(value.integer);
  }
}

// A struct of the arrays. Where all are null it is null itself, and `hidden` stands in its members.
std::shared_ptr<arrow::Array> Packed(const arrow::FieldVector& fields, arrow::ArrayVector arrays,
                                     const std::shared_ptr<arrow::Scalar>& hidden) {
  REQUIRE(arrow::compute::Initialize().ok());
  arrow::BooleanBuilder valid;
  const int64_t rows = arrays[0]->length();
  for (int64_t row = 0; row < rows; ++row) {
    bool any = false;
    for (const auto& array : arrays) any |= array->IsValid(row);
    REQUIRE(valid.Append(any).ok());
  }
  const auto mask = valid.Finish().ValueOrDie();
  for (auto& array : arrays) {
    if (!array->type()->Equals(hidden->type)) continue;
    array = arrow::compute::IfElse(mask, array, hidden).ValueOrDie().make_array();
  }
  const auto& bits = static_cast<const arrow::BooleanArray&>(*mask);
  return std::make_shared<arrow::StructArray>(arrow::struct_(fields), rows, arrays, bits.values(),
                                              bits.false_count());
}

// The last two columns, `deep.s` and `deep.more.n`, as members of one struct.
void PackMembers(arrow::FieldVector* fields, arrow::ArrayVector* arrays) {
  const auto number = arrays->back(), text = (*arrays)[arrays->size() - 2];
  arrays->resize(arrays->size() - 2);
  fields->resize(arrays->size());
  const auto more = Packed({arrow::field("n", arrow::int64())}, {number}, arrow::MakeScalar(42));
  const auto deep = Packed({arrow::field("s", arrow::utf8()), arrow::field("more", more->type())},
                           {text, more}, arrow::MakeScalar("hidden"));
  fields->push_back(arrow::field("deep", deep->type()));
  arrays->push_back(deep);
}

std::shared_ptr<arrow::RecordBatch> BatchOf(const std::vector<testing::Row>& rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < Columns().size(); ++i) {
    const Column& column = Columns()[i];
    const auto builder = arrow::MakeBuilder(column.type).ValueOrDie();
    for (const testing::Row& row : rows) REQUIRE(Append(row[i], column, builder.get()).ok());
    fields.push_back(arrow::field(NameOf(column), column.type));
    arrays.push_back(builder->Finish().ValueOrDie());
  }
  PackMembers(&fields, &arrays);
  const auto count = static_cast<int64_t>(rows.size());
  return arrow::RecordBatch::Make(arrow::schema(fields), count, arrays);
}

template <class ArrayType>
std::string NumberAt(const arrow::Array& array, int64_t row) {
  return std::to_string(static_cast<const ArrayType&>(array).Value(row));
}

std::string Exactly(double real) {
  if (std::isnan(real)) return "nan";
  uint64_t bits = 0;
  std::memcpy(&bits, &real, sizeof bits);
  return "double " + std::to_string(real) + " " + std::to_string(bits);
}

// One word for what a row holds.
std::string Found(const Evaluation& evaluation, int64_t row) {
  for (const RowError& error : evaluation.errors) {
    if (error.row == row) return "error " + error.rule;
  }
  const arrow::Array& array = *evaluation.values;
  if (array.IsNull(row)) return "null";
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
    case arrow::Type::INT64:
      return NumberAt<arrow::Int64Array>(array, row);
    case arrow::Type::DOUBLE:
      return Exactly(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::DATE32:
      return NumberAt<arrow::Date32Array>(array, row);
    case arrow::Type::TIME32:
      return NumberAt<arrow::Time32Array>(array, row);
    case arrow::Type::TIME64:
      return NumberAt<arrow::Time64Array>(array, row);
    case arrow::Type::TIMESTAMP:
      return NumberAt<arrow::TimestampArray>(array, row);
    case arrow::Type::DECIMAL128:
      return arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(array).GetValue(row))
          .ToIntegerString();
    default:
      return "'" + static_cast<const arrow::StringArray&>(array).GetString(row) + "'";
  }
}

std::string Wanted(const Value& value) {
  if (value.failed()) return "error " + value.rule;
  switch (value.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return value.boolean ? "true" : "false";
    case Kind::kFloat:
      return Exactly(value.real);
    case Kind::kDecimal:
      return value.decimal.Text();
    case Kind::kText:
      return "'" + value.text + "'";
    default:
      return std::to_string(value.integer);
  }
}

uint64_t Seed() {
  const char* text = std::getenv("MILLRACE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20261124;
}

int Rounds() {
  const char* text = std::getenv("MILLRACE_ROUNDS");
  return text != nullptr ? std::atoi(text) : 60;
}

}  // namespace

TEST_CASE("random expressions agree with a slow evaluation, row by row") {
  const uint64_t seed = Seed();
  std::vector<std::string> written;
  for (const Column& column : Columns()) written.push_back(column.name);
  int failures = 0;
  for (int round = 0; round < Rounds() && failures < 5; ++round) {
    testing::Generator generator(seed + static_cast<uint64_t>(round));
    std::vector<testing::Row> rows(generator.Below(12));
    for (testing::Row& row : rows) {
      for (const Column& column : Columns()) row.push_back(generator.Cell(column));
    }
    const auto batch = BatchOf(rows);
    for (int i = 0; i < 100 && failures < 5; ++i) {
      const auto want = static_cast<testing::Want>(generator.Below(testing::kWants));
      const testing::Sample sample = generator.Make(want, static_cast<int>(generator.Below(5)));
      const std::string text = testing::Writer(generator.random()).Write(sample);
      INFO("seed " << seed + static_cast<uint64_t>(round) << ": " << text);
      const auto expression = Expression::Parse(text);
      REQUIRE_MESSAGE(expression.ok(), expression.status().ToString());
      const auto type = expression->TypeCheck(*batch->schema());
      REQUIRE_MESSAGE(type.ok(), type.status().ToString());
      CHECK((*type)->ToString() == ArrowTypeOf(sample.type)->ToString());
      const auto evaluation = expression->Evaluate(*batch);
      REQUIRE_MESSAGE(evaluation.ok(), evaluation.status().ToString());
      REQUIRE(evaluation->values->ValidateFull().ok());
      REQUIRE(evaluation->values->type()->Equals(**type));
      for (size_t row = 0; row < rows.size(); ++row) {
        const std::string found = Found(*evaluation, static_cast<int64_t>(row));
        const std::string wanted = Wanted(testing::Oracle(written, rows[row]).Of(sample));
        failures += found != wanted;
        CHECK(found == wanted);
      }
    }
  }
}

}  // namespace millrace::expr
