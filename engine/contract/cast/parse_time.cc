#include "contract/cast/parse_time.h"

namespace millrace::contract {

namespace {

CastError CastErrorOf(TimeProblem problem) {
  switch (problem) {
    case TimeProblem::kNone:
      return CastError::kNone;
    case TimeProblem::kMalformed:
      return CastError::kMalformed;
    case TimeProblem::kNoSuchDate:
      return CastError::kNoSuchDate;
    case TimeProblem::kTooPrecise:
      return CastError::kTooPrecise;
    case TimeProblem::kOutOfRange:
      return CastError::kOutOfRange;
  }
  return CastError::kMalformed;
}

}  // namespace

CastError ParseIsoDate(const char* p, size_t size, int32_t* days) {
  return CastErrorOf(ReadIsoDate({p, size}, days));
}

CastError ParseIsoTime(const char* p, size_t size, Moment* out) {
  return CastErrorOf(ReadIsoTime({p, size}, out));
}

CastError ParseIsoMoment(const char* p, size_t size, Moment* out) {
  return CastErrorOf(ReadIsoMoment({p, size}, out));
}

CastError TicksOfDay(const Moment& moment, arrow::TimeUnit::type unit, int64_t* ticks) {
  return CastErrorOf(DayTicks(moment, TicksPerSecond(unit), ticks));
}

CastError TicksSinceEpoch(const Moment& moment, arrow::TimeUnit::type unit, int64_t* ticks) {
  return CastErrorOf(EpochTicks(moment, TicksPerSecond(unit), ticks));
}

}  // namespace millrace::contract
