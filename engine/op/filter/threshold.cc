// threshold: keeps the rows in which a number lies within bounds.
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "contract/contract.h"
#include "contract/value_text.h"
#include "op/operator_list.h"
#include "op/value_histogram.h"

namespace millrace::op {
namespace {

enum : uint8_t { kBelow, kAbove, kNone };

struct Bounds {
  std::optional<double> min, max;
  bool keep_nulls = false;
};

class ThresholdFilter : public Filter {
 public:
  ThresholdFilter(int column, const arrow::Field& field, const Bounds& bounds, bool shown)
      : Filter({field.name()},
               {{"threshold.below", field.name(), Text(bounds.min), "the number is below `min`"},
                {"threshold.above", field.name(), Text(bounds.max), "the number is above `max`"},
                {"threshold.none", field.name(), "", "there is no number"}}),
        column_(column),
        bounds_(bounds),
        shown_(shown) {}

  Result<Verdict> Judge(const arrow::RecordBatch& rows, RowFailures*) const override {
    const arrow::Array& values = *rows.column(column_);
    const auto id = values.type_id();
    if (arrow::is_unsigned_integer(id)) return JudgeAs<arrow::UInt64Type>(rows);
    if (arrow::is_integer(id)) return JudgeAs<arrow::Int64Type>(rows);
    return JudgeAs<arrow::DoubleType>(rows);
  }

  Result<std::shared_ptr<arrow::Array>> Measured(const arrow::RecordBatch& dropped) const override {
    if (!shown_) return nullptr;
    const arrow::Array& values = *dropped.column(column_);
    arrow::StringBuilder texts;
    std::string text;
    for (int64_t row = 0; row < values.length(); ++row) {
      text = "null";
      if (values.IsValid(row)) {
        text.clear();
        contract::AppendValueText(values, row, &text);
      }
      ARROW_RETURN_NOT_OK(texts.Append(text));
    }
    return texts.Finish();
  }

  std::vector<std::string> Measures() const override {
    return shown_ ? reads() : std::vector<std::string>();
  }

 private:
  static std::string Text(const std::optional<double>& bound) {
    return bound ? fmt::format("{}", *bound) : "";
  }

  // In the widest type of the column's family, so that large integers are compared as they are.
  template <typename Type>
  Result<Verdict> JudgeAs(const arrow::RecordBatch& rows) const {
    using T = typename Type::c_type;
    ARROW_ASSIGN_OR_RAISE(
        const auto wide,
        arrow::compute::Cast(*rows.column(column_), arrow::TypeTraits<Type>::type_singleton()));
    const auto& values = static_cast<const arrow::NumericArray<Type>&>(*wide);
    // Bounds are at most 10^15, so that every type has them and its integers are exact.
    T least = std::numeric_limits<T>::lowest(), most = std::numeric_limits<T>::max();
    bool all_above = false;
    if constexpr (std::is_integral_v<T>) {
      const auto lowest = static_cast<double>(least);
      if (bounds_.min) least = static_cast<T>(std::max(lowest, std::ceil(*bounds_.min)));
      all_above = bounds_.max && *bounds_.max < lowest;
      if (bounds_.max) most = static_cast<T>(std::max(lowest, std::floor(*bounds_.max)));
    } else {
      least = bounds_.min.value_or(-std::numeric_limits<T>::infinity());
      most = bounds_.max.value_or(std::numeric_limits<T>::infinity());
    }
    Verdict verdict;
    arrow::BooleanBuilder keep;
    ARROW_RETURN_NOT_OK(keep.Reserve(values.length()));
    verdict.reason.assign(static_cast<size_t>(values.length()), kBelow);
    for (int64_t row = 0; row < values.length(); ++row) {
      uint8_t& reason = verdict.reason[static_cast<size_t>(row)];
      const T value = values.IsNull(row) ? T() : values.Value(row);
      if (values.IsNull(row) || value != value) {
        reason = kNone;
        keep.UnsafeAppend(bounds_.keep_nulls);
      } else {
        const bool above = all_above || value > most;
        if (above) reason = kAbove;
        keep.UnsafeAppend(value >= least && !above);
      }
    }
    ARROW_RETURN_NOT_OK(keep.Finish(&verdict.keep));
    return verdict;
  }

  int column_;
  Bounds bounds_;
  bool shown_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const ConfigValue* name = request.parameters().Find("field");
  const int column = name == nullptr ? -1 : request.Column(*name);
  if (column >= 0) {
    const arrow::DataType& type = *request.columns()->field(column)->type();
    if (!ValueHistogram::Takes(type)) {
      request.Report(
          *name, ErrorCode::kBadValue,
          '`' + name->text + "` is " + contract::TypeText(type) + ", but must be a number",
          "`derive` can make one of it");
    }
  }
  Bounds bounds;
  if (const ConfigValue* min = request.parameters().Find("min")) bounds.min = min->number;
  if (const ConfigValue* max = request.parameters().Find("max")) bounds.max = max->number;
  bounds.keep_nulls = request.parameters().Text("nulls") == "keep";
  if (!request.parameters().IsWritten("min") && !request.parameters().IsWritten("max")) {
    request.Report("id", ErrorCode::kMissingKey, "neither `min` nor `max` is given");
  }
  if (bounds.min && bounds.max && *bounds.min > *bounds.max) {
    request.Report("max", ErrorCode::kBadValue, "`max` is below `min`: no row would be kept");
  }
  if (!request.ready()) return nullptr;
  const arrow::Field& field = *request.columns()->field(column);
  return std::make_shared<ThresholdFilter>(column, field, bounds, !IsSensitive(field));
}

}  // namespace

OperatorType Threshold() {
  OperatorType type;
  type.name = "threshold";
  type.kind = Kind::kFilter;
  type.doc =
      "Keeps the rows in which a number lies within bounds, both of them included. With `action: "
      "tag` the bounds can be moved later without measuring again (`millrace rethreshold`).";
  type.parameters = {{.key = "field",
                      .type = FieldType::kText,
                      .doc = "The column or measure (`id.measure`).",
                      .required = true},
                     {.key = "min",
                      .type = FieldType::kNumber,
                      .doc = "The smallest number that is kept; if absent there is no such bound.",
                      .number_min = -1e15,
                      .number_max = 1e15},
                     {.key = "max",
                      .type = FieldType::kNumber,
                      .doc = "The largest number that is kept; if absent there is no such bound.",
                      .number_min = -1e15,
                      .number_max = 1e15},
                     {.key = "nulls",
                      .type = FieldType::kChoice,
                      .doc = "Whether rows with a null, or with NaN, pass.",
                      .fallback = "drop",
                      .choices = {"drop", "keep"}}};
  type.example = "{id: long, type: threshold, field: stats.words, min: 50, max: 100000}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
