// The Hugging Face view of a schema: what `datasets` needs to read our Parquet with its own types.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>

#include "contract/contract.h"

namespace millrace::contract {

/// Key of the schema metadata that holds FeaturesJson.
inline constexpr char kFeaturesKey[] = "huggingface";

/// Key of a field's metadata: what `datasets` calls the column, as JSON, where that is more than
/// its type says (ClassLabel, Image, ...). Who changes a column's type leaves it out.
inline constexpr char kFeatureKey[] = "millrace.feature";

/// {"info":{"features":{...}}} with one entry per column, in column order, as types are read back
/// from Parquet (seconds are milliseconds there): `datasets` ignores features that do not match.
std::string FeaturesJson(const arrow::Schema& schema);
/// `schema` with that metadata added.
std::shared_ptr<arrow::Schema> WithFeatures(const std::shared_ptr<arrow::Schema>& schema);

/// The type that `datasets` gives a column in files of its own: the field's, but for texts and
/// bytes that were large_string or large_binary, which shards do not tell apart.
std::shared_ptr<arrow::DataType> TypeInDatasets(const arrow::Field& field);

/// The schema of the shards that hold a contract's rows: its columns, the row's id, and features.
std::shared_ptr<arrow::Schema> StoredSchema(const Contract& contract);

}  // namespace millrace::contract
