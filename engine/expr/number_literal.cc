#include "expr/number_literal.h"

#include <algorithm>
#include <charconv>

#include "expr/functions.h"

namespace millrace::expr {

namespace {

// Whether the arguments meet as one type: comparisons, + - *, case, if, coalesce, nullif.
bool MeetAsOneType(const Node& node) {
  if (node.name == "/" || node.name == "%") return false;
  const Function* function = FindFunction(node.name);
  return function == nullptr || function->arguments.find('a') != std::string_view::npos;
}

}  // namespace

std::optional<DecimalLiteral> DecimalOfLiteral(const Node& node) {
  const Kind kind = node.literal.kind;
  if (node.kind != NodeKind::kLiteral || (kind != Kind::kInt && kind != Kind::kFloat)) {
    return std::nullopt;
  }
  std::string digits = node.literal.text;
  int exponent = 0;
  if (const size_t e = digits.find_first_of("eE"); e != std::string::npos) {
    const size_t number = e + (digits[e + 1] == '+' ? 2 : 1);
    const char* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data() + number, end, exponent);
    if (read.ec != std::errc() || exponent > kDecimalDigitsMax || exponent < -kDecimalDigitsMax) {
      return std::nullopt;
    }
    digits.resize(e);
  }
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  int scale = -exponent;
  if (const size_t point = digits.find('.'); point != std::string::npos) {
    scale += static_cast<int>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  if (scale < 0) {
    digits.append(static_cast<size_t>(-scale), '0');
    scale = 0;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  const int precision = std::max(static_cast<int>(digits.size()), std::max(1, scale));
  if (precision > kDecimalDigitsMax) return std::nullopt;
  return DecimalLiteral{negative ? "-" + digits : digits, DecimalType(precision, scale)};
}

std::vector<bool> ReadAsDecimals(const Node& node, const std::vector<Type>& arguments) {
  std::vector<bool> read(arguments.size());
  const bool decimals = std::any_of(arguments.begin(), arguments.end(),
                                    [](const Type& type) { return type.kind == Kind::kDecimal; });
  if (!decimals || !MeetAsOneType(node)) return read;
  for (size_t i = 0; i < arguments.size(); ++i) {
    read[i] = DecimalOfLiteral(*node.arguments[i]).has_value();
  }
  return read;
}

}  // namespace millrace::expr
