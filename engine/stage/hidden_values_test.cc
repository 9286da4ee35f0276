#include "stage/hidden_values.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <doctest/doctest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include "io/parquet/shard_writer.h"

namespace millrace::stage {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

ArrayPtr Texts(const std::vector<std::string>& texts) {
  arrow::StringBuilder builder;
  REQUIRE(builder.AppendValues(texts).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Buffer> Bits(const std::vector<bool>& bits) {
  arrow::TypedBufferBuilder<bool> builder;
  for (const bool bit : bits) REQUIRE(builder.Append(bit).ok());
  return builder.Finish().ValueOrDie();
}

/// Structs of a text and a list of texts; of nulls, which have values all the same.
ArrayPtr Hiding() {
  const auto offsets = arrow::Buffer::FromVector(std::vector<int32_t>{0, 2, 3, 5, 6});
  const auto lists = std::make_shared<arrow::ListArray>(arrow::list(arrow::utf8()), 4, offsets,
                                                        Texts({"a", "bb", "ccc", "d", "ee", "f"}),
                                                        Bits({true, false, true, true}), 1);
  const auto texts = std::make_shared<arrow::StringArray>(
      4, arrow::Buffer::FromVector(std::vector<int32_t>{0, 3, 6, 9, 12}),
      arrow::Buffer::FromString("onetwosixten"), Bits({true, true, false, true}), 1);
  return std::make_shared<arrow::StructArray>(
      arrow::struct_(
          {arrow::field("text", arrow::utf8()), arrow::field("list", arrow::list(arrow::utf8()))}),
      4, arrow::ArrayVector{texts, lists}, Bits({true, true, true, false}), 1);
}

ArrayPtr FromFile(const ArrayPtr& values) {
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("c", values->type())}), {values});
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  REQUIRE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 100).ok());
  const auto file = std::make_shared<arrow::io::BufferReader>(sink->Finish().ValueOrDie());
  auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  return reader->ReadTable().ValueOrDie()->column(0)->chunk(0);
}

int64_t BytesOf(const ArrayPtr& values) {
  const auto schema = arrow::schema({arrow::field("c", values->type())});
  return io::LogicalBytes(*arrow::RecordBatch::Make(schema, values->length(), {values}));
}

}  // namespace

TEST_CASE("values under nulls are those that a file gives back") {
  const ArrayPtr whole = Hiding();
  REQUIRE(whole->Validate().ok());
  for (const ArrayPtr& hiding : {whole, whole->Slice(1), whole->Slice(1, 2), whole->Slice(4)}) {
    CHECK((hiding->length() == 0 || MayHideValues(*hiding->data())));
    const ArrayPtr bare = WithoutHiddenValues(hiding).ValueOrDie();
    CHECK(bare->ValidateFull().ok());
    CHECK(bare->Equals(hiding));
    if (hiding->length() == 0) continue;
    const ArrayPtr read = FromFile(hiding);
    const auto& a = static_cast<const arrow::StructArray&>(*bare);
    const auto& b = static_cast<const arrow::StructArray&>(*read);
    for (int field = 0; field < 2; ++field)
      CHECK(BytesOf(a.field(field)) == BytesOf(b.field(field)));
    const auto items = [](const arrow::StructArray& of) {
      return static_cast<const arrow::ListArray&>(*of.field(1)).values()->length();
    };
    CHECK(items(a) == items(b));
  }
  CHECK_FALSE(MayHideValues(*Texts({"a"})->data()));
}

}  // namespace millrace::stage
