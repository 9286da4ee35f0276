#include "base/iso_time.h"

#include <arrow/type.h>

#include <cstdio>
#include <limits>

namespace millrace {

namespace {

constexpr unsigned kBad = 1000;  // what Two gives for anything but two digits

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

inline unsigned Two(const char* p) {
  const unsigned high = static_cast<unsigned char>(p[0] - '0');
  const unsigned low = static_cast<unsigned char>(p[1] - '0');
  return high > 9 || low > 9 ? kBad : high * 10 + low;
}

constexpr unsigned char kMonthDays[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

inline bool IsLeap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// "YYYY-MM-DD" at p.
inline TimeProblem IsoDateAt(const char* p, int64_t* days) {
  const unsigned century = Two(p), decade = Two(p + 2), month = Two(p + 5), day = Two(p + 8);
  if (p[4] != '-' || p[7] != '-' || century + decade >= kBad || month == kBad || day == kBad) {
    return TimeProblem::kMalformed;
  }
  const int64_t year = century * 100 + decade;
  if (!IsRealDate(year, month, day)) return TimeProblem::kNoSuchDate;
  *days = DaysFromCivil(year, month, day);
  return TimeProblem::kNone;
}

// Digits after the point, at least one; returns where they end or null.
inline const char* FractionAt(const char* p, const char* end, Moment* out) {
  const char* const begin = p;
  int64_t nanos = 0;
  int digits = 0;
  for (; p < end && IsDigit(*p); ++p) {
    if (digits < 9) {
      nanos = nanos * 10 + (*p - '0');
      ++digits;
    } else {
      out->finer |= *p != '0';
    }
  }
  if (p == begin) return nullptr;
  for (; digits < 9; ++digits) nanos *= 10;
  out->nanos = static_cast<int32_t>(nanos);
  return p;
}

// "hh:mm[:ss[.f]]" from p; *after is where it ends.
inline TimeProblem IsoTimeAt(const char* p, const char* end, Moment* out, const char** after) {
  if (end - p < 5 || p[2] != ':') return TimeProblem::kMalformed;
  const unsigned hour = Two(p), minute = Two(p + 3);
  if (hour == kBad || minute == kBad) return TimeProblem::kMalformed;
  unsigned second = 0;
  p += 5;
  if (p < end && *p == ':') {
    if (end - p < 3 || (second = Two(p + 1)) == kBad) return TimeProblem::kMalformed;
    p += 3;
    if (p < end && *p == '.') {
      p = FractionAt(p + 1, end, out);
      if (p == nullptr) return TimeProblem::kMalformed;
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return TimeProblem::kNoSuchDate;
  out->seconds = hour * 3600 + minute * 60 + second;
  *after = p;
  return TimeProblem::kNone;
}

}  // namespace

int64_t DaysFromCivil(int64_t year, unsigned month, unsigned day) {
  // Years begin in March, so that the leap day is the last; eras are 400 years of 146097 days.
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const unsigned year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

void CivilFromDays(int64_t days, int64_t* year, unsigned* month, unsigned* day) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const unsigned day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * shifted + 2) / 5 + 1;
  *month = shifted < 10 ? shifted + 3 : shifted - 9;
  *year = static_cast<int64_t>(year_of_era) + era * 400 + (*month <= 2);
}

bool IsRealDate(int64_t year, unsigned month, unsigned day) {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  return day <= kMonthDays[month] + (month == 2 && IsLeap(year) ? 1u : 0u);
}

TimeProblem ReadIsoDate(std::string_view text, int32_t* days) {
  if (text.size() != 10) return TimeProblem::kMalformed;
  int64_t found = 0;
  const TimeProblem problem = IsoDateAt(text.data(), &found);
  *days = static_cast<int32_t>(found);
  return problem;
}

TimeProblem ReadIsoTime(std::string_view text, Moment* out) {
  const char* const end = text.data() + text.size();
  const char* after = nullptr;
  const TimeProblem problem = IsoTimeAt(text.data(), end, out, &after);
  return problem == TimeProblem::kNone && after != end ? TimeProblem::kMalformed : problem;
}

bool ReadZoneOffset(std::string_view text, int32_t* seconds) {
  const size_t size = text.size();
  const char* const p = text.data();
  *seconds = 0;
  if (text == "Z") return true;
  if (size < 3 || (*p != '+' && *p != '-')) return false;
  const unsigned hours = Two(p + 1);
  unsigned minutes = 0;
  if (size == 6 && p[3] == ':') {
    minutes = Two(p + 4);
  } else if (size == 5) {
    minutes = Two(p + 3);
  } else if (size != 3) {
    return false;
  }
  if (hours > 23 || minutes > 59) return false;
  *seconds = static_cast<int32_t>(hours * 3600 + minutes * 60) * (*p == '-' ? -1 : 1);
  return true;
}

TimeProblem ReadIsoMoment(std::string_view text, Moment* out) {
  const char* const p = text.data();
  const char* const end = p + text.size();
  if (text.size() < 16 || (p[10] != 'T' && p[10] != ' ')) return TimeProblem::kMalformed;
  const TimeProblem date = IsoDateAt(p, &out->days);
  if (date == TimeProblem::kMalformed) return date;
  const char* after = nullptr;
  const TimeProblem time = IsoTimeAt(p + 11, end, out, &after);
  if (time != TimeProblem::kNone) return time;
  if (after != end) {
    out->has_zone = true;
    if (!ReadZoneOffset({after, static_cast<size_t>(end - after)}, &out->offset_seconds)) {
      return TimeProblem::kMalformed;
    }
  }
  return date;
}

int64_t TicksPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1000;
    case arrow::TimeUnit::MICRO:
      return 1000000;
    case arrow::TimeUnit::NANO:
      return 1000000000;
  }
  return 1;
}

TimeProblem DayTicks(const Moment& moment, int64_t ticks_per_second, int64_t* ticks) {
  const int64_t nanos_per_tick = 1000000000 / ticks_per_second;
  if (moment.finer || moment.nanos % nanos_per_tick != 0) return TimeProblem::kTooPrecise;
  *ticks = moment.seconds * ticks_per_second + moment.nanos / nanos_per_tick;
  return TimeProblem::kNone;
}

TimeProblem EpochTicks(const Moment& moment, int64_t ticks_per_second, int64_t* ticks) {
  const TimeProblem problem = DayTicks({0, 0, moment.nanos, moment.finer}, ticks_per_second, ticks);
  if (problem != TimeProblem::kNone) return problem;
  const int64_t seconds = moment.days * 86400 + moment.seconds - moment.offset_seconds;
  // Only nanoseconds can overflow, from 1677 to 2262; __int128 keeps their very ends exact.
  const __int128 wide = static_cast<__int128>(seconds) * ticks_per_second + *ticks;
  if (wide > std::numeric_limits<int64_t>::max() || wide < std::numeric_limits<int64_t>::min()) {
    return TimeProblem::kOutOfRange;
  }
  *ticks = static_cast<int64_t>(wide);
  return TimeProblem::kNone;
}

namespace {

void AppendPadded(int64_t value, int width, std::string* out) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%0*lld", width, static_cast<long long>(value));
  *out += buffer;
}

}  // namespace

void AppendIsoDate(int64_t days, std::string* out) {
  int64_t year = 0;
  unsigned month = 0, day = 0;
  CivilFromDays(days, &year, &month, &day);
  AppendPadded(year, 4, out);
  *out += '-';
  AppendPadded(month, 2, out);
  *out += '-';
  AppendPadded(day, 2, out);
}

void AppendIsoTime(int64_t ticks, int64_t ticks_per_second, std::string* out) {
  const int64_t seconds = ticks / ticks_per_second;
  AppendPadded(seconds / 3600, 2, out);
  *out += ':';
  AppendPadded(seconds / 60 % 60, 2, out);
  *out += ':';
  AppendPadded(seconds % 60, 2, out);
  int64_t fraction = ticks % ticks_per_second;
  if (fraction == 0) return;
  int width = 0;
  for (int64_t power = 1; power < ticks_per_second; power *= 10) ++width;
  for (; fraction % 10 == 0; --width) fraction /= 10;
  *out += '.';
  AppendPadded(fraction, width, out);
}

void AppendIsoMoment(int64_t ticks, int64_t ticks_per_second, bool zoned, std::string* out) {
  const int64_t per_day = ticks_per_second * 86400;
  int64_t days = ticks / per_day, rest = ticks % per_day;
  if (rest < 0) --days, rest += per_day;
  AppendIsoDate(days, out);
  *out += 'T';
  AppendIsoTime(rest, ticks_per_second, out);
  if (zoned) *out += 'Z';
}

}  // namespace millrace
