#include "io/parquet/writer_properties.h"

#include <arrow/type_traits.h>
#include <parquet/schema.h>

#include <string>
#include <vector>

#include "base/reserved_columns.h"
#include "io/parquet/column_pool.h"
#include "io/parquet/encoding_choice.h"

namespace millrace::io {
namespace {

constexpr int64_t kDataPageBytes = 256 << 10;
constexpr int64_t kRowsPerPage = 16384;
constexpr int64_t kDictionaryBytes = 512 << 10;

std::shared_ptr<arrow::DataType> StoredType(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::DICTIONARY:
      return StoredType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case arrow::Type::STRING_VIEW:
      return arrow::utf8();
    case arrow::Type::BINARY_VIEW:
      return arrow::binary();
    default:
      return type;
  }
}

// Such values differ by little from row to row, or use few of their bits.
bool IsStoredAsInteger(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DECIMAL128) {
    return static_cast<const arrow::Decimal128Type&>(type).precision() <= 18;
  }
  return arrow::is_integer(type.id()) || arrow::is_temporal(type.id());
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> StoredSchema(const arrow::Schema& schema) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& field : schema.fields()) {
    fields.push_back(field->WithType(StoredType(field->type())));
  }
  return arrow::schema(std::move(fields), schema.metadata());
}

std::shared_ptr<parquet::WriterProperties> WriterPropertiesOf(const arrow::Schema& stored,
                                                              const arrow::RecordBatch* first,
                                                              const ShardWriterOptions& options) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(ColumnPool())
      ->created_by("millrace version 1.0.0")
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->compression(parquet::Compression::ZSTD)
      ->compression_level(options.compression_level)
      ->data_pagesize(kDataPageBytes)
      ->max_rows_per_page(kRowsPerPage)
      ->dictionary_pagesize_limit(kDictionaryBytes)
      ->max_row_group_length(options.rows_per_row_group)
      ->enable_store_decimal_as_integer();
  if (!options.statistics) builder.disable_statistics();
  for (int i = 0; i < stored.num_fields(); ++i) {
    auto path = std::make_shared<parquet::schema::ColumnPath>(std::vector{stored.field(i)->name()});
    const arrow::DataType& type = *stored.field(i)->type();
    if (stored.field(i)->name() == kRowIdColumn && arrow::is_binary_like(type.id())) {
      // Neighbouring ids share all but their last digits.
      builder.disable_dictionary(path)->encoding(path, parquet::Encoding::DELTA_BYTE_ARRAY);
    } else if (first != nullptr && !WorthDictionary(*first->column(i))) {
      builder.disable_dictionary(path);
      if (IsStoredAsInteger(type)) builder.encoding(path, parquet::Encoding::DELTA_BINARY_PACKED);
    }
  }
  return builder.build();
}

}  // namespace millrace::io
