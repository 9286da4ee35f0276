#include "contract/features.h"

#include <arrow/util/key_value_metadata.h>

#include <nlohmann/json.hpp>

#include "base/reserved_columns.h"

namespace millrace::contract {

namespace {

using Json = nlohmann::ordered_json;

// Parquet has no seconds: Arrow stores them as milliseconds, and so they are read back.
const char* UnitText(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
    case arrow::TimeUnit::MILLI:
      return "ms";
    case arrow::TimeUnit::MICRO:
      return "us";
    case arrow::TimeUnit::NANO:
      return "ns";
  }
  return "us";
}

// The dtype words of datasets.Value.
std::string DtypeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::FLOAT:
      return "float32";
    case arrow::Type::DOUBLE:
      return "float64";
    case arrow::Type::HALF_FLOAT:
      return "float16";
    case arrow::Type::DATE32:
      return "date32";
    case arrow::Type::DATE64:
      return "date64";
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: {
      const std::string name = type.id() == arrow::Type::TIME32 ? "time32[" : "time64[";
      return name + UnitText(static_cast<const arrow::TimeType&>(type).unit()) + ']';
    }
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      const std::string zone = timestamp.timezone().empty() ? "" : ", tz=" + timestamp.timezone();
      return "timestamp[" + std::string(UnitText(timestamp.unit())) + zone + ']';
    }
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return std::string(type.id() == arrow::Type::DECIMAL128 ? "decimal128(" : "decimal256(") +
             std::to_string(decimal.precision()) + ", " + std::to_string(decimal.scale()) + ')';
    }
    default:
      return type.ToString();  // bool, intN, uintN, string, large_string, binary, null
  }
}

Json FeatureOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
      return {{"feature", FeatureOf(*type.field(0)->type())}, {"_type", "List"}};
    case arrow::Type::LARGE_LIST:
      return {{"feature", FeatureOf(*type.field(0)->type())}, {"_type", "LargeList"}};
    case arrow::Type::STRUCT: {
      Json members = Json::object();
      for (const auto& field : type.fields()) members[field->name()] = FeatureOf(*field->type());
      return members;
    }
    default:
      return {{"dtype", DtypeOf(type)}, {"_type", "Value"}};
  }
}

Json FeatureOf(const arrow::Field& field) {
  if (field.HasMetadata()) {
    const auto told = field.metadata()->Get(kFeatureKey);
    if (told.ok()) {
      Json feature = Json::parse(*told, nullptr, /*allow_exceptions=*/false);
      if (!feature.is_discarded()) return feature;
    }
  }
  return FeatureOf(*field.type());
}

}  // namespace

std::string FeaturesJson(const arrow::Schema& schema) {
  Json features = Json::object();
  for (const auto& field : schema.fields()) features[field->name()] = FeatureOf(*field);
  return Json{{"info", {{"features", std::move(features)}}}}.dump();
}

std::shared_ptr<arrow::DataType> TypeInDatasets(const arrow::Field& field) {
  const Json feature = FeatureOf(field);
  const std::string dtype = feature.is_object() ? feature.value("dtype", "") : "";
  if (field.type()->id() == arrow::Type::STRING && dtype == "large_string") {
    return arrow::large_utf8();
  }
  if (field.type()->id() == arrow::Type::BINARY && dtype == "large_binary") {
    return arrow::large_binary();
  }
  return field.type();
}

std::shared_ptr<arrow::Schema> StoredSchema(const Contract& contract) {
  arrow::FieldVector fields = SchemaOf(contract)->fields();
  fields.push_back(arrow::field(std::string(kRowIdColumn), arrow::utf8(), /*nullable=*/false));
  return WithFeatures(arrow::schema(std::move(fields)));
}

std::shared_ptr<arrow::Schema> WithFeatures(const std::shared_ptr<arrow::Schema>& schema) {
  auto metadata =
      schema->metadata() ? schema->metadata()->Copy() : std::make_shared<arrow::KeyValueMetadata>();
  (void)metadata->Set(kFeaturesKey, FeaturesJson(*schema));
  return schema->WithMetadata(std::move(metadata));
}

}  // namespace millrace::contract
