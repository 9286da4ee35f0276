#include "stage/profile.h"

#define XXH_INLINE_ALL
#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/record_batch.h>
#include <arrow/type_traits.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/reserved_columns.h"
#include "stage/hyper_log_log.h"
#include "stage/profile_extremes.h"

namespace millrace::stage {
namespace {

using Json = nlohmann::ordered_json;

// One character a register: ranks reach 53.
constexpr char kRankDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

Status Damaged() {
  return MakeError(ErrorCode::kWorkspaceDamaged, "a stored profile is malformed");
}

}  // namespace

struct ColumnProfiler::State {
  State(std::string column_name, std::shared_ptr<arrow::DataType> column_type, bool is_sensitive)
      : name(std::move(column_name)),
        type(std::move(column_type)),
        sensitive(is_sensitive),
        extremes(is_sensitive ? ExtremeKind::kNone : ExtremeKindOf(*type)) {}

  void AddLength(int64_t length) {
    length_min = std::min(length_min, length);
    length_max = std::max(length_max, length);
    length_sum += length;
    ++lengths;
  }

  template <typename BinaryArray>
  void AddBinary(const arrow::Array& array) {
    const auto& values = static_cast<const BinaryArray&>(array);
    const bool nulls_here = array.null_count() != 0;
    for (int64_t i = 0; i < values.length(); ++i) {
      if (nulls_here && values.IsNull(i)) continue;
      const std::string_view value = values.GetView(i);
      AddLength(static_cast<int64_t>(value.size()));
      distinct.Add(XXH3_64bits(value.data(), value.size()));
    }
  }

  template <typename ListArray>
  void AddLists(const arrow::Array& array) {
    const auto& values = static_cast<const ListArray&>(array);
    for (int64_t i = 0; i < values.length(); ++i) {
      if (values.IsValid(i)) AddLength(values.value_length(i));
    }
  }

  // Flat: of the hash of so few bytes, known in number, little is left.
  template <size_t kWidth>
  [[gnu::flatten]] void AddFixedWidth(const arrow::Array& array) {
    const uint8_t* values =
        array.data()->buffers[1]->data() + static_cast<size_t>(array.offset()) * kWidth;
    const bool nulls_here = array.null_count() != 0;
    for (int64_t i = 0; i < array.length(); ++i, values += kWidth) {
      if (nulls_here && array.IsNull(i)) continue;
      distinct.Add(XXH3_64bits(values, kWidth));
    }
  }

  void AddBools(const arrow::Array& array) {
    const auto& values = static_cast<const arrow::BooleanArray&>(array);
    const int64_t trues = values.true_count();
    const uint8_t bytes[2] = {0, 1};
    if (trues > 0) distinct.Add(XXH3_64bits(&bytes[1], 1));
    if (trues < array.length() - array.null_count()) distinct.Add(XXH3_64bits(&bytes[0], 1));
  }

  void AddValues(const arrow::Array& array) {
    switch (array.type_id()) {
      case arrow::Type::STRING:
        return AddBinary<arrow::StringArray>(array);
      case arrow::Type::BINARY:
        return AddBinary<arrow::BinaryArray>(array);
      case arrow::Type::LARGE_STRING:
        return AddBinary<arrow::LargeStringArray>(array);
      case arrow::Type::LARGE_BINARY:
        return AddBinary<arrow::LargeBinaryArray>(array);
      case arrow::Type::LIST:
        return AddLists<arrow::ListArray>(array);
      case arrow::Type::LARGE_LIST:
        return AddLists<arrow::LargeListArray>(array);
      case arrow::Type::MAP:
        return AddLists<arrow::MapArray>(array);
      case arrow::Type::BOOL:
        return AddBools(array);
      default:
        break;
    }
    if (!arrow::is_primitive(array.type_id()) && !arrow::is_decimal(array.type_id())) return;
    switch (array.type()->byte_width()) {
      case 1:
        return AddFixedWidth<1>(array);
      case 2:
        return AddFixedWidth<2>(array);
      case 4:
        return AddFixedWidth<4>(array);
      case 8:
        return AddFixedWidth<8>(array);
      case 16:
        return AddFixedWidth<16>(array);
      case 32:
        return AddFixedWidth<32>(array);
      default:
        return;
    }
  }

  std::string name;
  std::shared_ptr<arrow::DataType> type;
  bool sensitive;
  int64_t rows = 0, nulls = 0;
  int64_t lengths = 0, length_sum = 0;
  int64_t length_min = std::numeric_limits<int64_t>::max(), length_max = 0;
  HyperLogLog distinct;
  Extremes extremes;
};

ColumnProfiler::ColumnProfiler(const arrow::Field& field, bool sensitive)
    : state_(std::make_unique<State>(field.name(), field.type(), sensitive)) {}
ColumnProfiler::~ColumnProfiler() = default;
ColumnProfiler::ColumnProfiler(ColumnProfiler&&) noexcept = default;
ColumnProfiler& ColumnProfiler::operator=(ColumnProfiler&&) noexcept = default;

void ColumnProfiler::Update(const arrow::Array& values) {
  state_->rows += values.length();
  state_->nulls += values.type_id() == arrow::Type::NA ? values.length() : values.null_count();
  if (values.length() == values.null_count()) return;
  state_->AddValues(values);
  state_->extremes.Update(values);
}

Status ColumnProfiler::Merge(const ColumnProfiler& other_profiler) {
  const State& other = *other_profiler.state_;
  if (other.name != state_->name || !other.type->Equals(*state_->type) ||
      other.sensitive != state_->sensitive) {
    return MakeError(ErrorCode::kBug, "profiles of different columns cannot be merged: " +
                                          state_->name + ", " + other.name);
  }
  state_->rows += other.rows;
  state_->nulls += other.nulls;
  state_->lengths += other.lengths;
  state_->length_sum += other.length_sum;
  state_->length_min = std::min(state_->length_min, other.length_min);
  state_->length_max = std::max(state_->length_max, other.length_max);
  state_->distinct.Merge(other.distinct);
  state_->extremes.Merge(other.extremes);
  return Status::OK();
}

ColumnProfile ColumnProfiler::Summary() const {
  ColumnProfile profile;
  profile.name = state_->name;
  profile.type = state_->type->ToString();
  profile.sensitive = state_->sensitive;
  profile.rows = state_->rows;
  profile.nulls = state_->nulls;
  profile.distinct_estimate = std::min(state_->distinct.Estimate(), state_->rows - state_->nulls);
  profile.min = state_->extremes.MinText(*state_->type);
  profile.max = state_->extremes.MaxText(*state_->type);
  if (state_->lengths > 0) {
    profile.length_min = state_->length_min;
    profile.length_max = state_->length_max;
    profile.length_mean =
        static_cast<double>(state_->length_sum) / static_cast<double>(state_->lengths);
  }
  return profile;
}

namespace {

Json StateJson(const ColumnProfiler::State& state) {
  Json json = {{"name", state.name},
               {"type", state.type->ToString()},
               {"sensitive", state.sensitive},
               {"rows", state.rows},
               {"nulls", state.nulls},
               {"lengths", state.lengths},
               {"length_sum", state.length_sum}};
  if (state.lengths > 0) {
    json["length_min"] = state.length_min;
    json["length_max"] = state.length_max;
  }
  if (!state.extremes.empty()) {
    json["min"] = state.extremes.EncodeMin();
    json["max"] = state.extremes.EncodeMax();
  }
  std::string ranks;
  for (uint8_t rank : state.distinct.registers()) ranks += kRankDigits[rank];
  if (ranks.find_first_not_of('0') != std::string::npos) json["distinct"] = ranks;
  return json;
}

Status ReadState(const Json& json, ColumnProfiler::State* state) {
  if (json.at("name") != state->name || json.at("type") != state->type->ToString())
    return Damaged();
  state->rows = json.at("rows");
  state->nulls = json.at("nulls");
  state->lengths = json.at("lengths");
  state->length_sum = json.at("length_sum");
  state->length_min = json.value("length_min", state->length_min);
  state->length_max = json.value("length_max", state->length_max);
  if (json.contains("min"))
    ARROW_RETURN_NOT_OK(state->extremes.Decode(json.at("min"), json.at("max")));
  if (!json.contains("distinct")) return Status::OK();
  const std::string ranks = json.at("distinct");
  if (ranks.size() != HyperLogLog::kRegisters) return Damaged();
  for (size_t i = 0; i < ranks.size(); ++i) {
    const char* digit = std::find(kRankDigits, kRankDigits + 64, ranks[i]);
    if (digit - kRankDigits > HyperLogLog::kRankMax) return Damaged();
    state->distinct.registers()[i] = static_cast<uint8_t>(digit - kRankDigits);
  }
  return Status::OK();
}

}  // namespace

TableProfiler::TableProfiler(const arrow::Schema& schema, const std::set<std::string>& sensitive) {
  for (const auto& field : schema.fields()) {
    const bool reserved = IsReservedColumn(field->name());
    position_of_field_.push_back(reserved ? -1 : static_cast<int>(columns_.size()));
    if (!reserved) columns_.emplace_back(*field, sensitive.count(field->name()) != 0);
  }
}

void TableProfiler::UpdateColumn(int index, const arrow::Array& values) {
  const int position = position_of_field_[static_cast<size_t>(index)];
  if (position >= 0) columns_[static_cast<size_t>(position)].Update(values);
}

void TableProfiler::Update(const arrow::RecordBatch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i) UpdateColumn(i, *batch.column(i));
}

Status TableProfiler::Merge(const TableProfiler& other) {
  if (other.columns_.size() != columns_.size()) {
    return MakeError(ErrorCode::kBug, "profiles of different tables cannot be merged");
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    ARROW_RETURN_NOT_OK(columns_[i].Merge(other.columns_[i]));
  }
  return Status::OK();
}

std::vector<ColumnProfile> TableProfiler::Summary() const {
  std::vector<ColumnProfile> profiles;
  for (const ColumnProfiler& column : columns_) profiles.push_back(column.Summary());
  return profiles;
}

std::string TableProfiler::ToJson() const {
  Json columns = Json::array();
  for (const ColumnProfiler& column : columns_) columns.push_back(StateJson(*column.state_));
  return Json{{"format_version", 1}, {"columns", columns}}.dump() + "\n";
}

Result<TableProfiler> TableProfiler::FromJson(const std::string& text,
                                              const arrow::Schema& schema) {
  try {
    const Json json = Json::parse(text);
    const Json& columns = json.at("columns");
    std::set<std::string> sensitive;
    for (const Json& column : columns) {
      if (column.at("sensitive")) sensitive.insert(column.at("name").get<std::string>());
    }
    TableProfiler table(schema, sensitive);
    if (json.at("format_version") != 1 || columns.size() != table.columns_.size()) return Damaged();
    for (size_t i = 0; i < columns.size(); ++i) {
      ARROW_RETURN_NOT_OK(ReadState(columns[i], table.columns_[i].state_.get()));
    }
    return table;
  } catch (const Json::exception&) {
    return Damaged();
  }
}

}  // namespace millrace::stage
