#include "io/parquet/writer_properties.h"

#include <string>
#include <vector>

#include "base/reserved_columns.h"

namespace millrace::io {
namespace {

constexpr int64_t kDataPageBytes = 1 << 20;
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

}  // namespace

Result<std::shared_ptr<arrow::Schema>> StoredSchema(const arrow::Schema& schema) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& field : schema.fields())
    fields.push_back(field->WithType(StoredType(field->type())));
  return arrow::schema(std::move(fields), schema.metadata());
}

std::shared_ptr<parquet::WriterProperties> WriterPropertiesOf(const arrow::Schema& stored,
                                                              const ShardWriterOptions& options) {
  parquet::WriterProperties::Builder builder;
  builder.created_by("millrace version 1.0.0")
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->compression(parquet::Compression::ZSTD)
      ->compression_level(options.compression_level)
      ->data_pagesize(kDataPageBytes)
      ->dictionary_pagesize_limit(kDictionaryBytes)
      ->max_row_group_length(options.rows_per_row_group);
  if (!options.statistics) builder.disable_statistics();
  for (const auto& field : stored.fields()) {
    if (field->name() != kRowIdColumn) continue;
    // Neighbouring ids share all but their last digits.
    builder.disable_dictionary(field->name());
    builder.encoding(field->name(), parquet::Encoding::DELTA_BYTE_ARRAY);
  }
  return builder.build();
}

}  // namespace millrace::io
