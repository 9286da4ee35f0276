// Texts to dates, times and moments, by the real (proleptic Gregorian) calendar, years 1 to 9999.
//
// Without a declared pattern only ISO 8601's extended form is read, see base/iso_time.h.
// Patterns are strptime's, English names, any case: %Y %y %m %b %B %h %d %e %j %a %A %H %I %p %M %S
// %f %z %Z %s %F %T %R %%; all other characters stand for themselves. A numeric field takes one or
// two digits (%Y four, %j up to three, %f one to nine), exactly its full width when it touches
// another numeric field without a separator. %y: 69..99 are 1969..1999, 00..68 are 2000..2068.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/iso_time.h"
#include "base/status.h"
#include "contract/cast/cast_error.h"

namespace millrace::contract {

CastError ParseIsoDate(const char* p, size_t size, int32_t* days);
CastError ParseIsoTime(const char* p, size_t size, Moment* out);
CastError ParseIsoMoment(const char* p, size_t size, Moment* out);
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
  bool ParseFullWidth(const char* p, CastError* error, Moment* out) const;

  std::vector<Step> steps_;
  bool has_zone_ = false;
  size_t full_width_ =
      0;  // of a text whose fields all have theirs; 0: has others than %Y%m%d%H%M%S
};

}  // namespace millrace::contract
