#include "io/text/value_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/iso_time.h"

namespace millrace::io {
namespace {

constexpr int64_t kSecondsPerDay = 86400;

void AppendPadded(int64_t value, int digits, std::string* out) {
  char text[20];
  for (int i = digits - 1; i >= 0; --i, value /= 10) text[i] = static_cast<char>('0' + value % 10);
  out->append(text, static_cast<size_t>(digits));
}

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

int FractionDigits(arrow::TimeUnit::type unit) { return 3 * static_cast<int>(unit); }

template <typename Number>
void AppendNumber(Number value, std::string* out) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value);
  out->append(text, end.ptr);
}

template <typename Float>
void AppendFloating(Float value, std::string* out) {
  if (std::isnan(value)) {
    *out += "nan";  // without a sign: all NaNs are one value
    return;
  }
  AppendNumber(value, out);
}

}  // namespace

void AppendInteger(int64_t value, std::string* out) { AppendNumber(value, out); }
void AppendUnsigned(uint64_t value, std::string* out) { AppendNumber(value, out); }
void AppendDouble(double value, std::string* out) { AppendFloating(value, out); }
void AppendFloat(float value, std::string* out) { AppendFloating(value, out); }

void AppendDate(int64_t days, std::string* out) {
  int64_t year = 0;
  unsigned month = 0, day = 0;
  CivilFromDays(days, &year, &month, &day);
  if (year < 0 || year > 9999) {
    *out += year < 0 ? '-' : '+';
    const int64_t magnitude = std::abs(year);
    int digits = 4;
    for (int64_t bound = 10000; digits < 18 && magnitude >= bound; bound *= 10) ++digits;
    AppendPadded(magnitude, digits, out);
  } else {
    AppendPadded(year, 4, out);
  }
  *out += '-';
  AppendPadded(month, 2, out);
  *out += '-';
  AppendPadded(day, 2, out);
}

void AppendTimeOfDay(int64_t value, arrow::TimeUnit::type unit, std::string* out) {
  const int64_t per_second = TicksPerSecond(unit);
  const int64_t seconds = value / per_second;
  AppendPadded(seconds / 3600, 2, out);
  *out += ':';
  AppendPadded(seconds / 60 % 60, 2, out);
  *out += ':';
  AppendPadded(seconds % 60, 2, out);
  if (unit == arrow::TimeUnit::SECOND) return;
  *out += '.';
  AppendPadded(value % per_second, FractionDigits(unit), out);
}

void AppendTimestamp(int64_t value, const arrow::TimestampType& type, std::string* out) {
  const int64_t per_day = TicksPerSecond(type.unit()) * kSecondsPerDay;
  const int64_t days = FloorDivide(value, per_day);
  AppendDate(days, out);
  *out += 'T';
  // Unsigned arithmetic: days * per_day may leave the range although the difference does not.
  const uint64_t of_day =
      static_cast<uint64_t>(value) - static_cast<uint64_t>(days) * static_cast<uint64_t>(per_day);
  AppendTimeOfDay(static_cast<int64_t>(of_day), type.unit(), out);
  if (!type.timezone().empty()) *out += 'Z';
}

}  // namespace millrace::io
