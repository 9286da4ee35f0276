#include "op/row_selection.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <doctest/doctest.h>

#include <random>

namespace millrace::op {
namespace {

// Rows of the kinds of columns there are, of which some rows at both ends are cut off.
class RandomRows {
 public:
  explicit RandomRows(uint64_t seed) : random_(seed) {}

  std::shared_ptr<arrow::RecordBatch> Make() {
    const int64_t rows = Below(40);
    const arrow::FieldVector fields = {arrow::field("text", arrow::utf8()),
                                       arrow::field("some", arrow::utf8()),
                                       arrow::field("bytes", arrow::binary()),
                                       arrow::field("large", arrow::large_utf8()),
                                       arrow::field("number", arrow::int64()),
                                       arrow::field("flag", arrow::boolean()),
                                       arrow::field("list", arrow::list(arrow::utf8()))};
    arrow::ArrayVector columns;
    for (const auto& field : fields) {
      const bool nulls = field->name() != "text" && field->name() != "bytes" && Below(2) == 0;
      columns.push_back(Column(field->type(), rows, nulls));
    }
    const auto batch = arrow::RecordBatch::Make(arrow::schema(fields), rows, std::move(columns));
    const int64_t begin = Below(rows + 1);
    return batch->Slice(begin, Below(rows - begin + 1));
  }

  std::shared_ptr<arrow::BooleanArray> Mask(int64_t rows) {
    arrow::BooleanBuilder mask;
    const int64_t share = Below(5);  // from none of the rows to all
    for (int64_t row = 0; row < rows; ++row) REQUIRE(mask.Append(Below(4) < share).ok());
    return std::static_pointer_cast<arrow::BooleanArray>(mask.Finish().ValueOrDie());
  }

  std::shared_ptr<arrow::Int64Array> Indices(int64_t rows) {
    arrow::Int64Builder indices;
    for (int64_t i = rows == 0 ? 0 : Below(60); i > 0; --i) {
      REQUIRE(indices.Append(Below(rows)).ok());
    }
    return std::static_pointer_cast<arrow::Int64Array>(indices.Finish().ValueOrDie());
  }

  int64_t Below(int64_t end) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(end));
  }

 private:
  std::shared_ptr<arrow::Array> Column(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                       bool nulls) {
    const auto builder = arrow::MakeBuilder(type).ValueOrDie();
    for (int64_t row = 0; row < rows; ++row) {
      if (nulls && Below(3) == 0) {
        REQUIRE(builder->AppendNull().ok());
      } else {
        Append(builder.get());
      }
    }
    return builder->Finish().ValueOrDie();
  }

  void Append(arrow::ArrayBuilder* builder) {
    const std::string text(static_cast<size_t>(Below(12)), static_cast<char>('a' + Below(26)));
    switch (builder->type()->id()) {
      case arrow::Type::INT64:
        return Require(static_cast<arrow::Int64Builder*>(builder)->Append(Below(1000)));
      case arrow::Type::BOOL:
        return Require(static_cast<arrow::BooleanBuilder*>(builder)->Append(Below(2) == 0));
      case arrow::Type::LARGE_STRING:
        return Require(static_cast<arrow::LargeStringBuilder*>(builder)->Append(text));
      case arrow::Type::LIST: {
        auto* lists = static_cast<arrow::ListBuilder*>(builder);
        Require(lists->Append());
        for (int64_t i = Below(3); i > 0; --i) Append(lists->value_builder());
        return;
      }
      default:
        return Require(static_cast<arrow::BinaryBuilder*>(builder)->Append(text));
    }
  }

  static void Require(const Status& status) { REQUIRE(status.ok()); }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("rows that are kept or taken are those that Arrow selects") {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    RandomRows random(seed);
    const auto rows = random.Make();
    const auto mask = random.Mask(rows->num_rows());
    const auto kept = KeepRows(*rows, *mask).ValueOrDie();
    REQUIRE(kept->ValidateFull().ok());
    CHECK(kept->Equals(*arrow::compute::Filter(rows, mask).ValueOrDie().record_batch()));
    const auto indices = random.Indices(rows->num_rows());
    const auto taken = TakeRows(*rows, *indices).ValueOrDie();
    REQUIRE(taken->ValidateFull().ok());
    CHECK(taken->Equals(*arrow::compute::Take(rows, indices).ValueOrDie().record_batch()));
  }
}

TEST_CASE("texts take the memory of their size, and what lies under a null stays behind") {
  arrow::StringBuilder builder;
  for (int i = 0; i < 100; ++i) REQUIRE(builder.Append(std::string(1000, 'x')).ok());
  const auto texts = builder.Finish().ValueOrDie();
  const auto schema = arrow::schema({arrow::field("text", arrow::utf8())});
  const auto rows = arrow::RecordBatch::Make(schema, 100, {texts});
  const auto all = arrow::BooleanArray(
      arrow::MakeArrayFromScalar(arrow::BooleanScalar(true), 100).ValueOrDie()->data());
  const auto kept = KeepRows(*rows, all).ValueOrDie();
  CHECK(kept->column_data(0)->buffers[2]->capacity() < 101'000);

  // The first of two texts is hidden by the bitmap alone.
  auto hiding = texts->Slice(0, 2)->data()->Copy();
  hiding->buffers[0] = arrow::AllocateBitmap(2).ValueOrDie();
  hiding->buffers[0]->mutable_data()[0] = 0b10;
  hiding->null_count = 1;
  const auto hidden = arrow::RecordBatch::Make(schema, 2, {arrow::MakeArray(hiding)});
  const auto none =
      KeepRows(*hidden, *std::static_pointer_cast<arrow::BooleanArray>(all.Slice(0, 2)))
          .ValueOrDie();
  CHECK(none->column_data(0)->buffers[2]->size() == 1000);
}

}  // namespace millrace::op
