// Texts to dates, times and moments, by the real (proleptic Gregorian) calendar, years 1 to 9999.
//
// Without a declared pattern only ISO 8601's extended form is read:
//   date       YYYY-MM-DD
//   time       hh:mm[:ss[.fraction]]
//   timestamp  date, "T" or one space, time, then nothing or Z, +hh:mm, +hhmm, +hh
// Patterns are strptime's, English names, any case: %Y %y %m %b %B %h %d %e %j %a %A %H %I %p %M %S
// %f %z %Z %s %F %T %R %%; all other characters stand for themselves. A numeric field takes one or
// two digits (%Y four, %j up to three, %f one to nine), exactly its full width when it touches
// another numeric field without a separator. %y: 69..99 are 1969..1999, 00..68 are 2000..2068.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "contract/cast/cast_error.h"

namespace millrace::contract {

/// What a text says, before a unit and a zone are applied.
struct Moment {
  int64_t days = 0;     // since 1970-01-01
  int64_t seconds = 0;  // of the day
  int32_t nanos = 0;
  bool finer = false;  // digits other than zero follow the nanoseconds
  bool has_zone = false;
  int32_t offset_seconds = 0;  // east of UTC
};

int64_t TicksPerSecond(arrow::TimeUnit::type unit);

/// REQUIRES: a real date. Days since 1970-01-01.
int64_t DaysFromCivil(int64_t year, unsigned month, unsigned day);
/// The year, month and day of `days`.
void CivilFromDays(int64_t days, int64_t* year, unsigned* month, unsigned* day);
bool IsRealDate(int64_t year, unsigned month, unsigned day);

CastError ParseIsoDate(const char* p, size_t size, int32_t* days);
CastError ParseIsoTime(const char* p, size_t size, Moment* out);
CastError ParseIsoMoment(const char* p, size_t size, Moment* out);
/// "Z", "+hh:mm", "+hhmm" or "+hh" (or with a minus), whole text.
bool ParseOffset(const char* p, size_t size, int32_t* seconds);

/// Time of day in ticks of `unit`; kTooPrecise when the unit cannot hold the fraction.
CastError TicksOfDay(const Moment& moment, arrow::TimeUnit::type unit, int64_t* ticks);
/// Ticks since the epoch, the offset applied.
CastError TicksSinceEpoch(const Moment& moment, arrow::TimeUnit::type unit, int64_t* ticks);

/// A compiled pattern. Immutable, any thread.
class TimePattern {
 public:
  enum class Target { kDate, kTime, kTimestamp };
  /// BadValue naming what is wrong: an unknown directive, a field twice, a missing or useless one.
  static Result<TimePattern> Compile(const std::string& pattern, Target target);
  CastError Parse(const char* p, size_t size, Moment* out) const;
  bool has_zone() const { return has_zone_; }

 private:
  struct Step {
    char directive = 0;  // 0: the literal
    char literal = 0;
    bool full_width = false;
  };
  std::vector<Step> steps_;
  bool has_zone_ = false;
};

}  // namespace millrace::contract
