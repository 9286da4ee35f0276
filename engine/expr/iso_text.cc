#include "expr/iso_text.h"

#include "base/iso_time.h"

namespace millrace::expr {

namespace {

constexpr int64_t kMicros = 1000000;

IsoText ReadDate(std::string_view text) {
  IsoText read{0, nullptr, "'2026-11-21'"};
  int32_t days = 0;
  const TimeProblem problem = ReadIsoDate(text, &days);
  read.value = days;
  if (problem == TimeProblem::kNoSuchDate) {
    read.problem = "is no day of the calendar";
  } else if (problem != TimeProblem::kNone) {
    read.problem = "is no date";
  }
  return read;
}

IsoText ReadTime(std::string_view text) {
  IsoText read{0, nullptr, "'13:05:00'"};
  Moment moment;
  TimeProblem problem = ReadIsoTime(text, &moment);
  if (problem == TimeProblem::kNone) problem = DayTicks(moment, kMicros, &read.value);
  if (problem == TimeProblem::kTooPrecise) {
    read.problem = "is finer than microseconds";
  } else if (problem != TimeProblem::kNone) {
    read.problem = "is no time of day";
  }
  return read;
}

IsoText ReadTimestamp(std::string_view text, bool zoned) {
  IsoText read{0, nullptr, zoned ? "'2026-11-21T13:05:00Z'" : "'2026-11-21T13:05:00'"};
  Moment moment;
  TimeProblem problem = ReadIsoMoment(text, &moment);
  if (problem == TimeProblem::kNone && moment.has_zone != zoned) {
    read.problem = zoned ? "has no zone" : "has a zone, which a local timestamp has not";
    return read;
  }
  if (problem == TimeProblem::kNone) problem = EpochTicks(moment, kMicros, &read.value);
  if (problem == TimeProblem::kTooPrecise) {
    read.problem = "is finer than microseconds";
  } else if (problem == TimeProblem::kNoSuchDate) {
    read.problem = "names a day or time that does not exist";
  } else if (problem != TimeProblem::kNone) {
    read.problem = "is no timestamp";
  }
  return read;
}

}  // namespace

IsoText ReadIsoText(std::string_view function, std::string_view text) {
  if (function == "date") return ReadDate(text);
  if (function == "time") return ReadTime(text);
  return ReadTimestamp(text, function == "timestamp");
}

}  // namespace millrace::expr
