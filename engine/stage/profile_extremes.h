// The smallest and the largest value of a column, kept so that parts can be merged exactly.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace::stage {

/// How the values of a type are compared; kNone: they have no extremes.
enum class ExtremeKind { kNone, kInteger, kUnsigned, kDouble, kDecimal, kText };
ExtremeKind ExtremeKindOf(const arrow::DataType& type);

/// NaN is no extreme, and the two zeros are one. Of a text only the first kTextBytes count: what
/// follows them changes neither what is shown nor which prefix is the smallest.
class Extremes {
 public:
  static constexpr size_t kTextBytes = 256;

  explicit Extremes(ExtremeKind kind) : kind_(kind) {}

  /// REQUIRES: an array whose type has this kind.
  void Update(const arrow::Array& values);
  void Merge(const Extremes& other);
  bool empty() const { return empty_; }
  /// The text of the smallest or largest value; "" when empty.
  std::string MinText(const arrow::DataType& type) const;
  std::string MaxText(const arrow::DataType& type) const;

  /// Exact and printable, for storing.
  std::string EncodeMin() const;
  std::string EncodeMax() const;
  Status Decode(const std::string& min, const std::string& max);

 private:
  struct Value {
    int64_t integer = 0;
    uint64_t uint = 0;
    double real = 0;
    arrow::Decimal256 decimal;
    std::string text;
  };
  template <typename T>
  void Include(T Value::*member, const T& low, const T& high);
  template <typename T, typename Get>
  void Scan(T Value::*member, const arrow::Array& values, Get get);
  void UpdateIntegers(const arrow::Array& values);
  void UpdateReals(const arrow::Array& values);
  void UpdateDecimals(const arrow::Array& values);
  template <typename BinaryArray>
  void UpdateTexts(const arrow::Array& values);
  void IncludeText(std::string_view text);
  std::string Encode(const Value& value) const;
  Status DecodeOne(const std::string& code, Value* value) const;
  std::string Text(const Value& value, const arrow::DataType& type) const;

  ExtremeKind kind_;
  bool empty_ = true;
  Value min_, max_;
};

}  // namespace millrace::stage
