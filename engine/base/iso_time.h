// Days, times of day and moments as texts and numbers: ISO 8601's extended form over the proleptic
// Gregorian calendar, years 1 to 9999. Pure functions.
//   date    YYYY-MM-DD
//   time    hh:mm[:ss[.fraction]]
//   moment  date, "T" or one space, time, then nothing or Z, +hh:mm, +hhmm, +hh
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

enum class TimeProblem { kNone, kMalformed, kNoSuchDate, kTooPrecise, kOutOfRange };

/// What a text says, before a unit and a zone are applied.
struct Moment {
  int64_t days = 0;     // since 1970-01-01
  int64_t seconds = 0;  // of the day
  int32_t nanos = 0;
  bool finer = false;  // digits other than zero follow the nanoseconds
  bool has_zone = false;
  int32_t offset_seconds = 0;  // east of UTC
};

/// REQUIRES: a real date. Days since 1970-01-01.
int64_t DaysFromCivil(int64_t year, unsigned month, unsigned day);
/// The year, month and day of `days`.
void CivilFromDays(int64_t days, int64_t* year, unsigned* month, unsigned* day);
bool IsRealDate(int64_t year, unsigned month, unsigned day);

TimeProblem ReadIsoDate(std::string_view text, int32_t* days);
TimeProblem ReadIsoTime(std::string_view text, Moment* out);
TimeProblem ReadIsoMoment(std::string_view text, Moment* out);
/// "Z", "+hh:mm", "+hhmm" or "+hh" (or with a minus), whole text.
bool ReadZoneOffset(std::string_view text, int32_t* seconds);

int64_t TicksPerSecond(arrow::TimeUnit::type unit);

/// Ticks since midnight; kTooPrecise when they cannot hold the fraction.
TimeProblem DayTicks(const Moment& moment, int64_t ticks_per_second, int64_t* ticks);
/// Ticks since 1970-01-01T00:00Z, the offset applied.
TimeProblem EpochTicks(const Moment& moment, int64_t ticks_per_second, int64_t* ticks);

void AppendIsoDate(int64_t days, std::string* out);
/// Without zeros at the end of the fraction, and without a fraction that is zero.
void AppendIsoTime(int64_t ticks, int64_t ticks_per_second, std::string* out);
/// With a Z when `zoned`.
void AppendIsoMoment(int64_t ticks, int64_t ticks_per_second, bool zoned, std::string* out);

}  // namespace millrace
