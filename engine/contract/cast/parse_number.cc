#include "contract/cast/parse_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace millrace::contract {

namespace {

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

constexpr int kMantissaDigits = 19;  // always fit into 64 bits
constexpr int64_t kExponentMax = 1 << 20;

constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

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
  int seen = 0;          // significant digits so far, trailing zeros included
  int64_t exponent = 0;  // of the last digit
  bool fraction = false;
  int64_t zeros = 0;  // since the last digit that was not zero
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

constexpr int kPrintedDigitsMax = 800;  // an exact double has at most 767

// The digits of "d.ddde+xx" as one number.
uint64_t DigitsOf(const char* p, const char* end) {
  uint64_t digits = 0;
  for (; p < end && *p != 'e'; ++p) {
    if (*p != '.') digits = digits * 10 + static_cast<uint64_t>(*p - '0');
  }
  return digits;
}

template <typename Float>
bool IntegerIsExact(const NumberText& number, Float magnitude) {
  char buffer[400];
  const auto done =
      std::to_chars(buffer, buffer + sizeof buffer, magnitude, std::chars_format::fixed, 0);
  return std::string_view(buffer, static_cast<size_t>(done.ptr - buffer)) ==
         std::string_view(number.digits, static_cast<size_t>(number.digits_end - number.digits));
}

// The nearest value is at most half an ulp away. Where that is less than half a unit of the text's
// last digit, writing the value with as many digits gives the text: no need to try.
template <typename Float>
bool UlpBelowLastDigit(const NumberText& number, Float magnitude) {
  if (number.exponent < -15 || number.exponent > 15) return false;
  const double unit =
      number.exponent < 0 ? 1 / kPowers[-number.exponent] : kPowers[number.exponent];
  const Float next = std::nextafter(magnitude, std::numeric_limits<Float>::infinity());
  return static_cast<double>(next - magnitude) < unit * (1 - 1e-10);
}

/// Whether the value, written with as many significant digits as the text, has the text's digits.
template <typename Float>
bool DigitsSurvive(const NumberText& number, Float value) {
  const Float magnitude = std::fabs(value);
  // An integer must be exact to its last digit, zeros included.
  if (number.integer) return IntegerIsExact(number, magnitude);
  if (UlpBelowLastDigit(number, magnitude)) return true;
  if (number.significant > kPrintedDigitsMax) return false;
  char buffer[kPrintedDigitsMax + 16];
  char* const end = buffer + sizeof buffer;
  constexpr auto kScientific = std::chars_format::scientific;
  if (number.significant <= kMantissaDigits) {
    // Most long texts are the shortest that read back to their value, which is quicker to write.
    const auto shortest = std::to_chars(buffer, end, magnitude, kScientific);
    if (DigitsOf(buffer, shortest.ptr) == number.mantissa) return true;
    const auto exact = std::to_chars(buffer, end, magnitude, kScientific, number.significant - 1);
    return DigitsOf(buffer, exact.ptr) == number.mantissa;
  }
  const auto done = std::to_chars(buffer, end, magnitude, kScientific, number.significant - 1);
  std::string printed;
  for (const char* p = buffer; p < done.ptr && *p != 'e'; ++p) {
    if (*p != '.') printed += *p;
  }
  return printed == SignificantDigits(number);
}

// The common shape, digits with at most one point, 18 digits at most: one pass without branches on
// zeros. Everything else, wrong texts included, is for ScanNumber to judge.
struct PlainNumber {
  bool negative = false;
  uint64_t mantissa = 0;
  int digits = 0;    // leading and trailing zeros included
  int fraction = 0;  // of them, behind the point
};

inline bool ReadPlain(const char* p, size_t size, PlainNumber* out) {
  const char* const end = p + size;
  out->negative = size > 0 && *p == '-';
  p += out->negative;
  if (end - p > 19 || p == end || !IsDigit(*p)) return false;
  if (*p == '0' && end - p > 1 && p[1] != '.') return false;
  const char* const begin = p;
  uint64_t mantissa = 0;
  while (p < end && IsDigit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
  out->digits = static_cast<int>(p - begin);
  if (p < end) {
    if (*p++ != '.' || p == end) return false;
    const char* const point = p;
    while (p < end && IsDigit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
    out->fraction = static_cast<int>(p - point);
    out->digits += out->fraction;
  }
  out->mantissa = mantissa;
  return p == end && out->digits <= 18;
}

}  // namespace

template <typename Float>
CastError ParseFloat(const char* p, size_t size, bool round, Float* out) {
  // Texts of so many digits always survive: 10^digits is well below 2^mantissa bits.
  constexpr int kDigitsSafe = std::numeric_limits<Float>::digits10;
  PlainNumber plain;
  if (std::is_same_v<Float, double> && ReadPlain(p, size, &plain) && plain.digits <= kDigitsSafe) {
    // Both factors are exact doubles, so one division rounds once: the nearest value (Clinger).
    const double magnitude = static_cast<double>(plain.mantissa) / kPowers[plain.fraction];
    *out = static_cast<Float>(plain.negative ? -magnitude : magnitude);
    return CastError::kNone;
  }
  NumberText number;
  const CastError error = ScanNumber(p, size, &number);
  if (error != CastError::kNone) return error;
  if (number.significant == 0) {
    *out = number.negative ? -Float{0} : Float{0};
    return CastError::kNone;
  }
  // An integer's own zeros count: 100000000000000000000000 is not a double.
  const int64_t digits = number.significant + (number.integer ? number.exponent : 0);
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
  PlainNumber plain;
  if (ReadPlain(p, size, &plain) && plain.fraction <= scale &&
      plain.digits + scale - plain.fraction <= std::min(precision, 18)) {
    auto value = static_cast<int64_t>(plain.mantissa);
    for (int i = plain.fraction; i < scale; ++i) value *= 10;
    *out = Decimal(plain.negative ? -value : value);
    return CastError::kNone;
  }
  NumberText number;
  const CastError error = ScanNumber(p, size, &number);
  if (error != CastError::kNone) return error;
  *out = Decimal(0);
  if (number.significant == 0) return CastError::kNone;
  const int64_t zeros = number.exponent + scale;  // to append to the significant digits
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

template CastError ParseDecimal<arrow::Decimal128>(const char*, size_t, int, int,
                                                   arrow::Decimal128*);
template CastError ParseDecimal<arrow::Decimal256>(const char*, size_t, int, int,
                                                   arrow::Decimal256*);

}  // namespace millrace::contract
