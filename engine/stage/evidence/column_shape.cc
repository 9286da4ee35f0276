#include "stage/evidence/column_shape.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "contract/value_text.h"

namespace millrace::stage {
namespace {

using arrow::Type;

constexpr size_t kRanges = 12;
constexpr size_t kValuesShown = 8;
constexpr size_t kFewValues = 24;
constexpr size_t kValueBytesMax = 60;

bool IsText(const arrow::DataType& type) { return type.id() == Type::STRING; }
bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         arrow::is_decimal(type.id());
}
bool IsTime(const arrow::DataType& type) {
  return type.id() == Type::DATE32 || type.id() == Type::TIMESTAMP;
}

// Of an instant as the column's type counts it.
std::string TimeText(const std::shared_ptr<arrow::DataType>& type, double value) {
  const auto whole = static_cast<int64_t>(std::floor(value));
  std::shared_ptr<arrow::Scalar> scalar;
  if (type->id() == Type::DATE32) {
    scalar = std::make_shared<arrow::Date32Scalar>(static_cast<int32_t>(whole));
  } else {
    scalar = std::make_shared<arrow::TimestampScalar>(whole, type);
  }
  const auto array = arrow::MakeArrayFromScalar(*scalar, 1);
  std::string text;
  if (array.ok()) contract::AppendValueText(**array, 0, &text);
  return text.substr(0, 16);  // to the minute
}

std::string NumberText(double value) { return fmt::format("{:.6g}", value); }

}  // namespace

ShapeBuilder::ShapeBuilder(const contract::Column& column)
    : name_(column.name), type_(column.type) {
  few_values_ = !column.is_json && (IsText(*type_) || type_->id() == Type::BOOL);
}

Status ShapeBuilder::Add(const arrow::Array& values) {
  if (type_->id() == Type::BOOL || IsText(*type_)) {
    for (int64_t row = 0; row < values.length(); ++row) {
      if (values.IsNull(row)) continue;
      std::string text;
      if (IsText(*type_)) {
        const auto view = static_cast<const arrow::StringArray&>(values).GetView(row);
        numbers_.push_back(static_cast<double>(CodePoints(view)));
        if (few_values_) text = CutText(view, kValueBytesMax);
      } else {
        text = static_cast<const arrow::BooleanArray&>(values).Value(row) ? "true" : "false";
      }
      if (!few_values_) continue;
      ++values_[text];
      if (values_.size() > kFewValues) {
        few_values_ = false;
        values_.clear();
      }
    }
    return Status::OK();
  }
  if (type_->id() == Type::LIST) {
    const auto& lists = static_cast<const arrow::ListArray&>(values);
    for (int64_t row = 0; row < lists.length(); ++row) {
      if (lists.IsValid(row)) numbers_.push_back(lists.value_length(row));
    }
    return Status::OK();
  }
  if (!IsNumber(*type_) && !IsTime(*type_)) return Status::OK();
  std::shared_ptr<arrow::Array> plain;
  if (IsTime(*type_)) {
    const auto counted = type_->id() == Type::DATE32 ? arrow::int32() : arrow::int64();
    ARROW_ASSIGN_OR_RAISE(plain, values.View(counted));
  } else {
    plain = values.Slice(0);
  }
  const auto options = arrow::compute::CastOptions::Unsafe(arrow::float64());
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum cast, arrow::compute::Cast(plain, options));
  const auto doubles = std::static_pointer_cast<arrow::DoubleArray>(cast.make_array());
  for (int64_t row = 0; row < doubles->length(); ++row) {
    if (doubles->IsValid(row) && std::isfinite(doubles->Value(row))) {
      numbers_.push_back(doubles->Value(row));
    }
  }
  return Status::OK();
}

ColumnShape ShapeBuilder::Ranges(ColumnShape::Kind kind) const {
  ColumnShape shape;
  shape.name = name_;
  if (numbers_.empty()) return shape;
  shape.kind = kind;
  const auto [least, most] = std::minmax_element(numbers_.begin(), numbers_.end());
  const double low = *least, high = *most;
  const bool whole = kind == ColumnShape::Kind::kLengths || arrow::is_integer(type_->id()) ||
                     type_->id() == Type::DATE32;
  // Whole numbers that lie close together have a bar each.
  // Numbers so far apart that their distance is none have one bar.
  size_t ranges = low == high || !std::isfinite(high - low) ? 1 : kRanges;
  double width = ranges == 1 ? 0 : (high - low) / static_cast<double>(ranges);
  if (whole && high - low < static_cast<double>(kRanges)) {
    ranges = static_cast<size_t>(high - low) + 1;
    width = 1;
  }
  std::vector<int64_t> rows(ranges, 0);
  for (const double number : numbers_) {
    const double at = width > 0 ? (number - low) / width : 0;
    ++rows[std::min(ranges - 1, static_cast<size_t>(std::max(at, 0.0)))];
  }
  const bool time = kind == ColumnShape::Kind::kNumbers && IsTime(*type_);
  const auto text = [&](double value) { return time ? TimeText(type_, value) : NumberText(value); };
  for (size_t i = 0; i < ranges; ++i) {
    shape.bars.push_back({text(low + width * static_cast<double>(i)), rows[i]});
  }
  shape.last = text(high);
  return shape;
}

ColumnShape ShapeBuilder::Finish() const {
  if (few_values_ && !values_.empty()) {
    ColumnShape shape;
    shape.name = name_;
    shape.kind = ColumnShape::Kind::kValues;
    for (const auto& [value, rows] : values_) shape.bars.push_back({value, rows});
    std::stable_sort(shape.bars.begin(), shape.bars.end(),
                     [](const Bar& a, const Bar& b) { return a.rows > b.rows; });
    for (size_t i = kValuesShown; i < shape.bars.size(); ++i) {
      shape.other_values += shape.bars[i].rows;
    }
    shape.bars.resize(std::min(shape.bars.size(), kValuesShown));
    return shape;
  }
  const bool lengths = IsText(*type_) || type_->id() == Type::LIST;
  return Ranges(lengths ? ColumnShape::Kind::kLengths : ColumnShape::Kind::kNumbers);
}

}  // namespace millrace::stage
