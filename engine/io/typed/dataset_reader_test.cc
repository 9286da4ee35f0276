#include "io/typed/dataset_reader.h"

#include <arrow/api.h>
#include <doctest/doctest.h>

namespace millrace::io {
namespace {

std::shared_ptr<arrow::Schema> Columns() {
  return arrow::schema({arrow::field("n", arrow::int64()), arrow::field("text", arrow::utf8())});
}

std::shared_ptr<arrow::RecordBatch> Rows(int64_t begin, int64_t end) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t row = begin; row < end; ++row) {
    REQUIRE(numbers.Append(row).ok());
    REQUIRE(texts.Append("row " + std::to_string(row)).ok());
  }
  return arrow::RecordBatch::Make(Columns(), end - begin, {*numbers.Finish(), *texts.Finish()});
}

/// Rows 0, 1, 2, ... in one batch for each range that is asked for.
DatasetInput Numbers(int64_t rows, int64_t bytes_per_row) {
  DatasetInput dataset;
  dataset.schema = Columns();
  dataset.rows = rows;
  dataset.bytes = rows * bytes_per_row;
  dataset.fingerprint = "numbers";
  dataset.read = [](int64_t begin, int64_t end) {
    return arrow::RecordBatchReader::Make({Rows(begin, end)}, Columns());
  };
  return dataset;
}

DatasetReadOptions Options(DatasetInput dataset, int64_t bytes_per_piece = 1000) {
  DatasetReadOptions options;
  options.dataset = std::make_shared<const DatasetInput>(std::move(dataset));
  options.bytes_per_piece = bytes_per_piece;
  return options;
}

Projection Only(const std::string& column) {
  Projection projection;
  projection.fields.push_back({column});
  return projection;
}

/// What a reader gives: the numbers, and the piece of each chunk.
Result<std::vector<int64_t>> ReadAll(const DatasetReadOptions& options, std::vector<int>* pieces) {
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenDataset(options, Only("n")));
  std::vector<int64_t> numbers;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto chunk, reader->Next());
    if (chunk == nullptr) return numbers;
    pieces->push_back(chunk->row_group);
    ARROW_ASSIGN_OR_RAISE(const RawBatch batch, reader->Parse(*chunk));
    REQUIRE(batch.columns->num_columns() == 1);
    const auto& column = static_cast<const arrow::Int64Array&>(*batch.columns->column(0));
    for (int64_t row = 0; row < column.length(); ++row) numbers.push_back(column.Value(row));
  }
}

TEST_CASE("pieces are powers of two of rows, and together all of them") {
  const DatasetReadOptions options = Options(Numbers(100, 50));
  CHECK(RowsPerPiece(options) == 16);  // 20 would fit
  CHECK(CountPieces(options) == 7);
  std::vector<int> pieces;
  const std::vector<int64_t> numbers = ReadAll(options, &pieces).ValueOrDie();
  REQUIRE(numbers.size() == 100);
  for (size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i] == static_cast<int64_t>(i));
  CHECK(pieces == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("a reader begins with the piece that it is told") {
  DatasetReadOptions options = Options(Numbers(100, 50));
  options.piece_begin = 6;
  std::vector<int> pieces;
  CHECK(ReadAll(options, &pieces).ValueOrDie() == std::vector<int64_t>{96, 97, 98, 99});
  CHECK(pieces == std::vector<int>{6});
}

TEST_CASE("large batches come in chunks") {
  const DatasetReadOptions options = Options(Numbers(40, 1 << 20), int64_t{64} << 20);
  std::vector<int> pieces;
  CHECK(ReadAll(options, &pieces).ValueOrDie().size() == 40);
  CHECK(pieces.size() == 5);  // of 8 MiB
}

TEST_CASE("a dataset without rows has a piece, and columns") {
  const DatasetReadOptions options = Options(Numbers(0, 0));
  CHECK(CountPieces(options) == 1);
  std::vector<int> pieces;
  CHECK(ReadAll(options, &pieces).ValueOrDie().empty());
  const auto reader = OpenDataset(options, Only("text")).ValueOrDie();
  CHECK(reader->file_schema()->num_fields() == 2);
}

TEST_CASE("what a dataset does not keep is an error") {
  std::vector<int> pieces;
  SUBCASE("its number of rows") {
    DatasetInput dataset = Numbers(10, 1);
    dataset.read = [](int64_t begin, int64_t end) {
      return arrow::RecordBatchReader::Make({Rows(begin, end - 1)}, Columns());
    };
    CHECK(CodeOf(ReadAll(Options(dataset), &pieces).status()) == ErrorCode::kDatasetFailed);
  }
  SUBCASE("its columns") {
    DatasetInput dataset = Numbers(10, 1);
    dataset.schema = arrow::schema({arrow::field("n", arrow::int32())});
    CHECK(CodeOf(ReadAll(Options(dataset), &pieces).status()) == ErrorCode::kDatasetFailed);
  }
  SUBCASE("an exception") {
    DatasetInput dataset = Numbers(10, 1);
    dataset.read = [](int64_t, int64_t) -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
      return Status::Invalid("the program failed");
    };
    const Status status = ReadAll(Options(dataset), &pieces).status();
    CHECK(CodeOf(status) == ErrorCode::kDatasetFailed);
    CHECK(status.message().find("the program failed") != std::string::npos);
  }
  SUBCASE("a cancellation stays one") {
    CHECK(DatasetError(Status::Cancelled("stop")).IsCancelled());
  }
}

TEST_CASE("a dataset is known by fingerprint, types and number of rows") {
  const std::string identity = IdentityOf(Numbers(10, 1));
  CHECK(identity == IdentityOf(Numbers(10, 2)));
  CHECK(identity != IdentityOf(Numbers(11, 1)));
  DatasetInput other = Numbers(10, 1);
  other.fingerprint = "others";
  CHECK(identity != IdentityOf(other));
  other = Numbers(10, 1);
  other.schema = arrow::schema({arrow::field("n", arrow::int32())});
  CHECK(identity != IdentityOf(other));
}

TEST_CASE("members of structs are columns, and types are made one") {
  const auto type = arrow::struct_({arrow::field("id", arrow::large_utf8())});
  arrow::LargeStringBuilder ids;
  REQUIRE(ids.Append("a").ok());
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("doc", type)}), 1,
                               {*arrow::StructArray::Make({*ids.Finish()}, type->fields())});
  DatasetInput dataset;
  dataset.schema = rows->schema();
  dataset.rows = 1;
  dataset.bytes = 1;
  dataset.read = [rows](int64_t, int64_t) { return arrow::RecordBatchReader::Make({rows}); };
  const auto reader = OpenDataset(Options(dataset), Only("doc.id")).ValueOrDie();
  const auto chunk = reader->Next().ValueOrDie();
  const RawBatch batch = reader->Parse(*chunk).ValueOrDie();
  REQUIRE(batch.columns->column(0)->type_id() == arrow::Type::STRING);
  CHECK(static_cast<const arrow::StringArray&>(*batch.columns->column(0)).GetView(0) == "a");
  CHECK(OpenDataset(Options(dataset), Only("doc.di")).status().ok() == false);
}

}  // namespace
}  // namespace millrace::io
