// Numbers written out, such as 9.99, are exact beside decimals: they are read as decimals there,
// and as integers or floating-point numbers everywhere else.
#pragma once

#include <vector>

#include "expr/syntax.h"
#include "expr/types.h"

namespace millrace::expr {

struct DecimalLiteral {
  std::string digits;  // with a minus, without a point
  Type type;
};

/// None for anything but a number written out with at most 38 digits.
std::optional<DecimalLiteral> DecimalOfLiteral(const Node& node);

/// For each argument of `node`: whether it is a literal that is read as a decimal, because the
/// arguments are brought to one type and one of them is a decimal.
std::vector<bool> ReadAsDecimals(const Node& node, const std::vector<Type>& arguments);

}  // namespace millrace::expr
