// Whole numbers of any size as strings of digits, added and multiplied as in school.
#pragma once

#include <algorithm>
#include <string>

namespace millrace::expr::testing {

struct Big {
  bool negative = false;
  std::string digits = "0";  // without leading zeros

  static Big Of(std::string text) {
    Big big;
    big.negative = text[0] == '-';
    if (big.negative) text.erase(0, 1);
    big.digits = text;
    return big.Tidy();
  }
  Big Tidy() const {
    Big tidy = *this;
    tidy.digits.erase(0, std::min(tidy.digits.find_first_not_of('0'), tidy.digits.size() - 1));
    if (tidy.digits == "0") tidy.negative = false;
    return tidy;
  }
  Big Minus() const {
    Big minus = *this;
    minus.negative = !negative;
    return minus.Tidy();
  }
  Big TimesPowerOfTen(int power) const {
    Big scaled = *this;
    scaled.digits.append(static_cast<size_t>(power), '0');
    return scaled.Tidy();
  }
  std::string Text() const { return negative ? "-" + digits : digits; }
};

inline bool SmallerDigits(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

inline std::string AddDigits(std::string a, std::string b) {
  std::string sum;
  int carry = 0;
  while (!a.empty() || !b.empty() || carry > 0) {
    if (!a.empty()) carry += a.back() - '0', a.pop_back();
    if (!b.empty()) carry += b.back() - '0', b.pop_back();
    sum.insert(sum.begin(), static_cast<char>('0' + carry % 10));
    carry /= 10;
  }
  return sum;
}

// REQUIRES: b is not larger.
inline std::string SubtractDigits(const std::string& a, std::string b) {
  b.insert(0, a.size() - b.size(), '0');
  std::string rest(a.size(), '0');
  int borrow = 0;
  for (size_t i = a.size(); i-- > 0;) {
    int digit = a[i] - b[i] - borrow;
    borrow = digit < 0 ? 1 : 0;
    rest[i] = static_cast<char>('0' + digit + borrow * 10);
  }
  return rest;
}

inline Big Add(const Big& a, const Big& b) {
  Big sum;
  if (a.negative == b.negative) {
    sum.negative = a.negative;
    sum.digits = AddDigits(a.digits, b.digits);
  } else {
    const bool b_larger = SmallerDigits(a.digits, b.digits);
    sum.negative = b_larger ? b.negative : a.negative;
    sum.digits = b_larger ? SubtractDigits(b.digits, a.digits) : SubtractDigits(a.digits, b.digits);
  }
  return sum.Tidy();
}

inline Big Multiply(const Big& a, const Big& b) {
  Big product;
  for (size_t i = 0; i < b.digits.size(); ++i) {
    product.digits += '0';
    for (int times = b.digits[i] - '0'; times > 0; --times) {
      product.digits = AddDigits(product.digits, a.digits);
    }
  }
  product.negative = a.negative != b.negative;
  return product.Tidy();
}

/// -1, 0 or 1.
inline int Order(const Big& a, const Big& b) {
  const Big difference = Add(a, b.Minus());
  return difference.digits == "0" ? 0 : difference.negative ? -1 : 1;
}

}  // namespace millrace::expr::testing
