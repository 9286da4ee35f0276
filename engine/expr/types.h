// The types that expressions compute in. Columns of narrower types are widened to one of these, so
// that 8-bit and 64-bit integers, for example, meet as one.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>

namespace millrace::expr {

enum class Kind { kNull, kBool, kInt, kFloat, kDecimal, kText, kDate, kTime, kTimestamp };

inline constexpr int kDecimalDigitsMax = 38;

struct Type {
  Kind kind = Kind::kNull;
  arrow::TimeUnit::type unit = arrow::TimeUnit::MICRO;  // of times and timestamps
  std::string zone;   // of timestamps: empty for the local time of a clock on the wall
  int precision = 0;  // of decimals: all digits
  int scale = 0;      // of decimals: those after the point
};

Type DecimalType(int precision, int scale);

std::shared_ptr<arrow::DataType> ArrowTypeOf(const Type& type);
/// None for types that expressions do not read (lists, binary, ...).
std::optional<Type> TypeOfColumn(const arrow::DataType& type);
/// The type that holds the values of both; none when they do not go together. Null goes with all,
/// integers with floating-point numbers and decimals, and the finer unit or scale is taken.
std::optional<Type> CommonType(const Type& a, const Type& b);

/// Of `a + b` and `a - b` where one is a decimal and the other a decimal, an integer or null.
Type DecimalSum(const Type& a, const Type& b);
/// Of `a * b`, likewise; none when it has more places after the point than a decimal can.
std::optional<Type> DecimalProduct(const Type& a, const Type& b);

/// "a text", for messages.
std::string NameOf(const Type& type);

}  // namespace millrace::expr
