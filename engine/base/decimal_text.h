// Decimals as texts: always plain digits, never an exponent.
#pragma once

#include <string>

namespace millrace {

/// The integer `digits` with the point `scale` places from its end: "-5", 2 is "-0.05".
std::string DecimalText(std::string digits, int scale);

}  // namespace millrace
