#include "contract/cast/parse_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace millrace::contract {

namespace {

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

constexpr int kMantissaDigits = 19;   // always fit into 64 bits
constexpr int64_t kExponentMax = 1 << 20;

constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace

CastError ScanNumber(const char* p, size_t size, NumberText* out) {
  const char* const end = p + size;
  out->negative = p < end && *p == '-';
  p += out->negative;
  if (p == end || !IsDigit(*p)) return CastError::kMalformed;
  if (*p == '0' && p + 1 < end && IsDigit(p[1])) {
    // Only a text of digits is an identifier; "00.5" and "01e3" are simply malformed.
    return std::all_of(p, end, IsDigit) ? CastError::kLeadingZero : CastError::kMalformed;
  }
  int seen = 0;               // significant digits so far, trailing zeros included
  int64_t exponent = 0;       // of the last digit
  bool fraction = false;
  int64_t zeros = 0;          // since the last digit that was not zero
  for (; p < end; ++p) {
    if (IsDigit(*p)) {
      const unsigned digit = static_cast<unsigned>(*p - '0');
      exponent -= fraction;
      if (digit == 0) {
        if (seen > 0) ++zeros;
        continue;
      }
      if (seen == 0) {
        out->digits = p;
        zeros = 0;
      }
      for (; zeros > 0 && seen > 0; --zeros, ++seen) {
        if (seen < kMantissaDigits) out->mantissa *= 10;
      }
      if (seen++ < kMantissaDigits) out->mantissa = out->mantissa * 10 + digit;
    } else if (*p == '.' && !fraction) {
      fraction = true;
      out->integer = false;
      if (p + 1 == end || !IsDigit(p[1])) return CastError::kMalformed;
    } else {
      break;
    }
  }
  out->digits_end = p;
  out->significant = seen;
  int64_t written = 0;
  if (p < end) {
    if (*p != 'e' && *p != 'E') return CastError::kMalformed;
    out->integer = false;
    ++p;
    const bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) ++p;
    if (p == end) return CastError::kMalformed;
    for (; p < end; ++p) {
      if (!IsDigit(*p)) return CastError::kMalformed;
      written = std::min(kExponentMax, written * 10 + (*p - '0'));
    }
    if (minus) written = -written;
  }
  out->exponent = seen == 0 ? 0 : exponent + zeros + written;
  return CastError::kNone;
}

namespace {

/// The significant digits of the text: no leading or trailing zeros, no point.
std::string SignificantDigits(const NumberText& number) {
  std::string digits;
  for (const char* p = number.digits; p < number.digits_end; ++p) {
    if (*p != '.') digits += *p;
  }
  digits.resize(static_cast<size_t>(number.significant));
  return digits;
}

constexpr int kPrintedDigitsMax = 800;   // an exact double has at most 767

/// Whether the value, written with as many significant digits as the text, has the text's digits.
template <typename Float>
bool DigitsSurvive(const NumberText& number, Float value) {
  if (number.significant > kPrintedDigitsMax) return false;
  char buffer[kPrintedDigitsMax + 400];
  const Float magnitude = std::fabs(value);
  std::string printed;
  if (number.integer) {
    const auto done = std::to_chars(buffer, buffer + sizeof buffer, magnitude, std::chars_format::fixed, 0);
    printed.assign(buffer, done.ptr);
    // An integer must be exact to its last digit, zeros included.
    return printed == std::string(number.digits, number.digits_end);
  }
  const auto done = std::to_chars(buffer, buffer + sizeof buffer, magnitude,
                                  std::chars_format::scientific, number.significant - 1);
  for (const char* p = buffer; p < done.ptr && *p != 'e'; ++p) {
    if (*p != '.') printed += *p;
  }
  return printed == SignificantDigits(number);
}

}  // namespace

template <typename Float>
CastError ParseFloat(const char* p, size_t size, bool round, Float* out) {
  // Texts of so many digits always survive: 10^digits is well below 2^mantissa bits.
  constexpr int kDigitsSafe = std::numeric_limits<Float>::digits10;
  NumberText number;
  const CastError error = ScanNumber(p, size, &number);
  if (error != CastError::kNone) return error;
  if (number.significant == 0) {
    *out = number.negative ? -Float{0} : Float{0};
    return CastError::kNone;
  }
  // An integer's own zeros count: 100000000000000000000000 is not a double.
  const int64_t digits = number.significant + (number.integer ? number.exponent : 0);
  if (std::is_same_v<Float, double> && number.significant <= 15 && number.exponent >= -22 &&
      number.exponent <= 22 && digits <= kDigitsSafe) {
    // Both factors are exact doubles, so one operation rounds once: the nearest value (Clinger).
    double value = static_cast<double>(number.mantissa);
    value = number.exponent < 0 ? value / kPowers[-number.exponent] : value * kPowers[number.exponent];
    *out = static_cast<Float>(number.negative ? -value : value);
    return CastError::kNone;
  }
  const auto read = std::from_chars(p, p + size, *out);
  if (read.ec != std::errc() || !std::isfinite(*out) || *out == 0) return CastError::kOutOfRange;
  // Subnormal values have fewer digits, so nothing below the normal range is safe unchecked.
  const bool safe = digits <= kDigitsSafe && std::isnormal(*out);
  if (safe || round || DigitsSurvive(number, *out)) return CastError::kNone;
  return CastError::kTooPrecise;
}

template CastError ParseFloat<float>(const char*, size_t, bool, float*);
template CastError ParseFloat<double>(const char*, size_t, bool, double*);

template <typename Decimal>
CastError ParseDecimal(const char* p, size_t size, int precision, int scale, Decimal* out) {
  NumberText number;
  const CastError error = ScanNumber(p, size, &number);
  if (error != CastError::kNone) return error;
  *out = Decimal(0);
  if (number.significant == 0) return CastError::kNone;
  const int64_t zeros = number.exponent + scale;   // to append to the significant digits
  if (zeros < 0) return CastError::kTooPrecise;
  if (number.significant + zeros > precision) return CastError::kOutOfRange;
  if (number.significant + zeros <= 18) {
    uint64_t value = number.mantissa;
    for (int64_t i = 0; i < zeros; ++i) value *= 10;
    *out = Decimal(static_cast<int64_t>(value));
  } else {
    std::string digits = SignificantDigits(number);
    digits.append(static_cast<size_t>(zeros), '0');
    const Decimal shift(int64_t{1000000000000000000});
    for (size_t at = 0; at < digits.size(); at += 18) {
      const std::string piece = digits.substr(at, 18);
      int64_t value = 0;
      std::from_chars(piece.data(), piece.data() + piece.size(), value);
      int64_t power = 1;
      for (size_t i = 0; i < piece.size(); ++i) power *= 10;
      *out = *out * (piece.size() == 18 ? shift : Decimal(power)) + Decimal(value);
    }
  }
  if (number.negative) out->Negate();
  return CastError::kNone;
}

template CastError ParseDecimal<arrow::Decimal128>(const char*, size_t, int, int, arrow::Decimal128*);
template CastError ParseDecimal<arrow::Decimal256>(const char*, size_t, int, int, arrow::Decimal256*);

}  // namespace millrace::contract
