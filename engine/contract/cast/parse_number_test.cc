// Number parsers against slow, obvious ones.
#include "contract/cast/parse_number.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>

namespace millrace::contract {
namespace {

using Random = std::mt19937_64;

// Digit by digit in 128 bits; the rules as the documentation words them.
template <typename Int>
CastError SlowInt(const std::string& text, Int* out) {
  size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  at += negative;
  if (at == text.size()) return CastError::kMalformed;
  for (size_t i = at; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return CastError::kMalformed;
  }
  if (text[at] == '0' && text.size() - at > 1) return CastError::kLeadingZero;
  __int128 value = 0;
  for (size_t i = at; i < text.size(); ++i) {
    value = value * 10 + (text[i] - '0');
    if (value > (__int128{1} << 100)) return CastError::kOutOfRange;
  }
  if (negative) value = -value;
  if (value < std::numeric_limits<Int>::min() || value > std::numeric_limits<Int>::max()) {
    return CastError::kOutOfRange;
  }
  *out = static_cast<Int>(value);
  return CastError::kNone;
}

std::string RandomNumberText(Random& random, const char* others) {
  std::string text = random() % 4 == 0 ? "-" : "";
  const size_t digits = random() % 24;
  for (size_t i = 0; i < digits; ++i) text += static_cast<char>('0' + random() % 10);
  if (random() % 6 == 0 && !text.empty()) {
    const std::string pool = others;
    text[random() % text.size()] = pool[random() % pool.size()];
  }
  if (random() % 8 == 0) text.insert(text.begin() + (text.rfind('-', 0) == 0 ? 1 : 0), '0');
  return text;
}

template <typename Int>
void CompareInts(Random& random) {
  for (int i = 0; i < 20000; ++i) {
    const std::string text = RandomNumberText(random, "+-. ex/:\xff\x80");
    // Digits right behind the text must not be read as part of it.
    const std::string padded = text + (random() % 2 == 0 ? "99999999" : "");
    Int fast = 0, slow = 0;
    const CastError got =
        ParseInt(padded.data(), text.size(), padded.data() + padded.size(), &fast);
    const CastError want = SlowInt(text, &slow);
    INFO("text: " << text);
    REQUIRE(CastErrorWord(got) == CastErrorWord(want));
    REQUIRE(fast == slow);
  }
}

TEST_CASE("integers read as in 128-bit arithmetic") {
  const uint64_t seed = 20241121;
  INFO("seed " << seed);
  Random random(seed);
  CompareInts<int8_t>(random);
  CompareInts<uint16_t>(random);
  CompareInts<int32_t>(random);
  CompareInts<int64_t>(random);
  CompareInts<uint64_t>(random);
}

TEST_CASE("every double reads back from its own digits, and as strtod reads it") {
  const uint64_t seed = 20241122;
  INFO("seed " << seed);
  Random random(seed);
  for (int i = 0; i < 100000; ++i) {
    const uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (i % 3 == 0) value = static_cast<double>(static_cast<int64_t>(bits >> (bits % 50))) / 1000;
    if (!std::isfinite(value)) continue;
    for (const char* format : {"%.17g", "%.15g", "%.3f"}) {
      char text[400];
      std::snprintf(text, sizeof text, format, value);
      double read = 0;
      const CastError error = ParseFloat(text, std::strlen(text), false, &read);
      INFO("text: " << text);
      const double strtod_value = std::strtod(text, nullptr);
      if (error == CastError::kNone) {
        REQUIRE(read == strtod_value);
      } else if (error == CastError::kOutOfRange) {
        REQUIRE((!std::isfinite(strtod_value) || strtod_value == 0));
      } else {
        REQUIRE(error == CastError::kTooPrecise);
        REQUIRE(std::string(format) != "%.17g");
      }
    }
  }
}

// Shifts decimal digits by hand: the digits after the scale must be zeros.
std::optional<std::string> SlowDecimal(const std::string& text, size_t precision, size_t scale) {
  std::string digits = text;
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  size_t point = digits.find('.');
  if (point == std::string::npos) point = digits.size();
  std::string whole = digits.substr(0, point);
  std::string fraction = point < digits.size() ? digits.substr(point + 1) : "";
  while (fraction.size() < scale) fraction += '0';
  if (fraction.find_first_not_of('0', scale) != std::string::npos) return std::nullopt;
  whole += fraction.substr(0, scale);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  if (whole.size() > precision) return std::nullopt;
  if (negative && whole != "0") whole.insert(whole.begin(), '-');
  return whole;
}

template <typename Decimal>
void CompareDecimals(Random& random, int precision, int scale) {
  for (int i = 0; i < 20000; ++i) {
    std::string text = random() % 3 == 0 ? "-" : "";
    const size_t whole = random() % 30;
    if (whole == 0) {
      text += '0';
    } else {
      text += static_cast<char>('1' + random() % 9);
      for (size_t d = 1; d < whole; ++d) text += static_cast<char>('0' + random() % 10);
    }
    if (random() % 4 != 0) {
      text += '.';
      for (size_t d = 1 + random() % 12; d > 0; --d)
        text += static_cast<char>('0' + (random() % 3 == 0 ? random() % 10 : 0));
    }
    Decimal value;
    const CastError error = ParseDecimal(text.data(), text.size(), precision, scale, &value);
    const auto want = SlowDecimal(text, static_cast<size_t>(precision), static_cast<size_t>(scale));
    INFO("text: " << text);
    REQUIRE((error == CastError::kNone) == want.has_value());
    if (want) REQUIRE(value.ToIntegerString() == *want);
  }
}

TEST_CASE("decimals read as shifted by hand") {
  const uint64_t seed = 20241123;
  INFO("seed " << seed);
  Random random(seed);
  CompareDecimals<arrow::Decimal128>(random, 10, 2);
  CompareDecimals<arrow::Decimal128>(random, 38, 9);
  CompareDecimals<arrow::Decimal256>(random, 60, 11);
}

}  // namespace
}  // namespace millrace::contract
