// Texts to numbers, strict and lossless. Digits are read eight at a time inside a 64-bit word.
//
// Grammar, for all of them, is JSON's: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?, so "+5",
// "007", ".5", "5.", "0x1F", "nan" and "inf" are no numbers. Integers take the first part alone.
// `end` is where readable memory ends (at least p + size): eight bytes may be loaded up to there.
#pragma once

#include <arrow/util/decimal.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "contract/cast/cast_error.h"

namespace millrace::contract {

/// The 1..8 digits at `p` as a number; false when a byte is no digit.
inline bool ParseEightDigits(const char* p, size_t size, const char* end, uint64_t* out) {
  uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    if (p + 8 <= end) {
      std::memcpy(&word, p, 8);
    } else {
      std::memcpy(&word, p, size);
    }
    word ^= 0x3030303030303030u;  // digits become 0..9
    word <<= 8 * (8 - size);      // missing leading digits become 0, what follows falls off
    if ((((word + 0x7676767676767676u) | word) & 0x8080808080808080u) != 0) return false;
    word = (word * 10) + (word >> 8);
    word = (((word & 0x000000FF000000FFu) * 0x000F424000000064u) +
            (((word >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >>
           32;
    *out = word;
  } else {
    for (size_t i = 0; i < size; ++i) {
      const unsigned digit = static_cast<unsigned char>(p[i]) - unsigned{'0'};
      if (digit > 9) return false;
      word = word * 10 + digit;
    }
    *out = word;
  }
  return true;
}

/// 1..20 digits, no sign; kOutOfRange beyond 2^64 - 1.
inline CastError ParseDigits(const char* p, size_t size, const char* end, uint64_t* out) {
  if (size == 0) return CastError::kMalformed;
  uint64_t high = 0, low = 0;
  if (size <= 8) {
    if (!ParseEightDigits(p, size, end, &high)) return CastError::kMalformed;
    if (p[0] == '0' && size > 1) return CastError::kLeadingZero;
    *out = high;
    return CastError::kNone;
  }
  for (size_t i = 20; i < size; ++i) {  // the loop below reads the first 20
    if (static_cast<unsigned char>(p[i] - '0') > 9) return CastError::kMalformed;
  }
  const size_t whole = size < 20 ? size : 20;
  const size_t head = whole % 8 == 0 ? 8 : whole % 8;
  if (!ParseEightDigits(p, head, end, &high)) return CastError::kMalformed;
  bool overflow = size > 20;
  for (size_t at = head; at < whole; at += 8) {
    if (!ParseEightDigits(p + at, 8, end, &low)) return CastError::kMalformed;
    uint64_t scaled = 0;
    overflow |= __builtin_mul_overflow(high, uint64_t{100000000}, &scaled);
    overflow |= __builtin_add_overflow(scaled, low, &high);
  }
  if (p[0] == '0') return CastError::kLeadingZero;
  *out = high;
  return overflow ? CastError::kOutOfRange : CastError::kNone;
}

template <typename Int>
inline CastError ParseInt(const char* p, size_t size, const char* end, Int* out) {
  uint64_t magnitude = 0;
  const bool negative = size > 0 && p[0] == '-';
  const CastError error = ParseDigits(p + negative, size - negative, end, &magnitude);
  if (error != CastError::kNone) return error;
  uint64_t limit = static_cast<uint64_t>(std::numeric_limits<Int>::max());
  if (negative) limit = std::is_signed_v<Int> ? limit + 1 : 0;
  if (magnitude > limit) return CastError::kOutOfRange;
  *out = static_cast<Int>(negative ? 0 - magnitude : magnitude);
  return CastError::kNone;
}

/// A number's text taken apart: value = (-1)^negative * digits * 10^exponent.
struct NumberText {
  bool negative = false;
  bool integer = true;               // neither fraction nor exponent
  uint64_t mantissa = 0;             // the first 19 significant digits
  int significant = 0;               // digits from the first to the last that is not zero
  int64_t exponent = 0;              // of `mantissa` when significant <= 19
  const char* digits = nullptr;      // the first digit that is not zero; may contain the point
  const char* digits_end = nullptr;  // past the last digit of integer part or fraction
};

CastError ScanNumber(const char* p, size_t size, NumberText* out);

/// The nearest value. kTooPrecise unless the digits survive: an integer must be exact, and any
/// other text must come back when the value is written with as many significant digits, which all
/// texts of up to 15 (float: 6) digits and all texts written from such a value do. `round` accepts
/// the nearest value. kOutOfRange for what would become infinite, or zero without being it.
template <typename Float>
CastError ParseFloat(const char* p, size_t size, bool round, Float* out);

/// As an integer of 10^-scale. Never rounds: digits beyond the scale must be zeros.
template <typename Decimal>
CastError ParseDecimal(const char* p, size_t size, int precision, int scale, Decimal* out);

}  // namespace millrace::contract
