// Declared patterns: compiled once, then one step per directive or literal.
#include <cstring>
#include <limits>
#include <string_view>

#include "contract/cast/parse_time.h"

namespace millrace::contract {

namespace {

constexpr std::string_view kDirectives = "YymbBhdejaAHIpMSfzZsFTR%";
constexpr std::string_view kNumeric = "YymdejHIMSfs";

const char* const kMonths[] = {"january",   "february", "march",    "april",
                               "may",       "june",     "july",     "august",
                               "september", "october",  "november", "december"};
const char* const kWeekdays[] = {"thursday", "friday",  "saturday", "sunday",
                                 "monday",   "tuesday", "wednesday"};  // day 0 was a Thursday

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }
inline bool IsNumeric(char directive) {
  return directive != 0 && kNumeric.find(directive) != std::string_view::npos;
}
inline char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// The fields a pattern may give; synonyms share one, so that each is given once.
char FieldOf(char directive) {
  switch (directive) {
    case 'y':
      return 'Y';
    case 'b':
    case 'B':
    case 'h':
      return 'm';
    case 'e':
      return 'd';
    case 'A':
      return 'a';
    case 'I':
      return 'H';
    case 'Z':
      return 'z';
    default:
      return directive;
  }
}

Result<std::string> Expand(const std::string& pattern) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    if (++i == pattern.size()) {
      return MakeError(ErrorCode::kBadValue, "the pattern `" + pattern + "` ends in a lone %",
                       "write %% for a percent sign");
    }
    if (kDirectives.find(pattern[i]) == std::string_view::npos) {
      return MakeError(
          ErrorCode::kBadValue,
          "the pattern `" + pattern + "` has the unknown directive %" + pattern[i],
          "known are %Y %y %m %b %B %d %e %j %a %A %H %I %p %M %S %f %z %Z %s %F %T %R %%");
    }
    switch (pattern[i]) {
      case 'F':
        out += "%Y-%m-%d";
        break;
      case 'T':
        out += "%H:%M:%S";
        break;
      case 'R':
        out += "%H:%M";
        break;
      default:
        out += '%', out += pattern[i];
    }
  }
  return out;
}

Status CheckFields(const std::string& pattern, const std::string& directives,
                   TimePattern::Target target) {
  const auto has = [&](char c) { return directives.find(c) != std::string::npos; };
  const auto wrong = [&](const std::string& what) {
    return MakeError(ErrorCode::kBadValue, "the pattern `" + pattern + "` " + what);
  };
  std::string fields;
  for (char directive : directives) {
    if (directive == '%') continue;
    const char field = FieldOf(directive);
    if (fields.find(field) != std::string::npos) {
      return wrong(std::string("gives the same field twice (%") + directive + ")");
    }
    fields += field;
  }
  const auto gives = [&](char c) { return fields.find(c) != std::string::npos; };
  const bool time = gives('H') || gives('M') || gives('S') || gives('f') || has('p');
  const bool date = gives('Y') || gives('m') || gives('d') || gives('j') || gives('a');
  if (has('I') != has('p'))
    return wrong("needs %I and %p together: one says the hour, one the half");
  if ((gives('M') || gives('f') || gives('S')) && !gives('H') && !has('s')) {
    return wrong("has minutes or seconds but no hour");
  }
  if (gives('S') && !gives('M')) return wrong("has seconds but no minutes");
  if (gives('f') && !gives('S') && !has('s')) return wrong("has a fraction but no seconds");
  if (has('s')) {
    if (target != TimePattern::Target::kTimestamp)
      return wrong("has %s, which only a timestamp can be");
    if (date || gives('H') || gives('z'))
      return wrong("has %s, which leaves nothing for other fields");
    return Status::OK();
  }
  if (target == TimePattern::Target::kTime) {
    if (date || gives('z')) return wrong("has a date or a zone, but the column is a time");
    return gives('H') ? Status::OK() : wrong("has no hour");
  }
  if (target == TimePattern::Target::kDate && (time || gives('z'))) {
    return wrong("has a time, but the column is a date: declare a timestamp");
  }
  if (!gives('Y')) return wrong("has no year");
  const bool month_day = gives('m') && gives('d');
  if (gives('j') ? gives('m') || gives('d') : !month_day) {
    return wrong("must give the day of the year once: month and day, or %j");
  }
  return Status::OK();
}

// A name out of `names`, in full or its first three letters, any case; -1 when there is none.
int MatchName(const char* const* names, int count, const char** p, const char* end) {
  for (int i = 0; i < count; ++i) {
    const char* q = *p;
    const char* name = names[i];
    while (*name != 0 && q < end && Lower(*q) == *name) ++q, ++name;
    const size_t matched = static_cast<size_t>(q - *p);
    if (*name == 0 || matched >= 3) {
      *p += *name == 0 ? matched : 3;
      return i;
    }
  }
  return -1;
}

// `width_min`..`width_max` digits; -1 when there are fewer.
int64_t MatchDigits(const char** p, const char* end, int width_min, int width_max) {
  int64_t value = 0;
  int width = 0;
  for (; width < width_max && *p < end && IsDigit(**p); ++width, ++*p)
    value = value * 10 + (**p - '0');
  return width < width_min ? -1 : value;
}

const char* OffsetEnd(const char* p, const char* end) {
  if (p < end && *p == 'Z') return p + 1;
  const char* q = p < end ? p + 1 : p;
  while (q < end && (IsDigit(*q) || *q == ':') && q - p < 6) ++q;
  return q;
}

struct Fields {
  int64_t year = -1, month = -1, day = -1, year_day = -1, weekday = -1;
  int64_t hour = 0, minute = 0, second = 0;
  int half = -1;  // 0 am, 1 pm
  bool epoch = false;
  bool epoch_negative = false;
  int64_t epoch_seconds = 0;
};

CastError Assemble(const Fields& f, Moment* out) {
  if (f.epoch) {
    if (f.epoch_negative && out->nanos != 0) return CastError::kMalformed;  // -1.5 is two readings
    const int64_t days = (f.epoch_seconds >= 0 ? f.epoch_seconds : f.epoch_seconds - 86399) / 86400;
    out->days = days;
    out->seconds = f.epoch_seconds - days * 86400;
    out->has_zone = true;
    return CastError::kNone;
  }
  int64_t hour = f.hour;
  if (f.half >= 0) {
    if (hour < 1 || hour > 12) return CastError::kNoSuchDate;
    hour = hour % 12 + 12 * f.half;
  }
  if (hour > 23 || f.minute > 59 || f.second > 59) return CastError::kNoSuchDate;
  out->seconds = hour * 3600 + f.minute * 60 + f.second;
  if (f.year < 0) return CastError::kNone;  // a time
  if (f.year_day >= 0) {
    if (!IsRealDate(f.year, 1, 1) || f.year_day < 1) return CastError::kNoSuchDate;
    const int64_t first = DaysFromCivil(f.year, 1, 1);
    if (f.year_day > DaysFromCivil(f.year + 1, 1, 1) - first) return CastError::kNoSuchDate;
    out->days = first + f.year_day - 1;
  } else {
    const unsigned month = static_cast<unsigned>(f.month), day = static_cast<unsigned>(f.day);
    if (!IsRealDate(f.year, month, day)) return CastError::kNoSuchDate;
    out->days = DaysFromCivil(f.year, month, day);
  }
  if (f.weekday >= 0 && ((out->days % 7) + 7) % 7 != f.weekday) return CastError::kNoSuchDate;
  return CastError::kNone;
}

// One directive at *p; false when the text does not have it.
bool MatchDirective(char directive, bool full_width, const char** p, const char* end, Fields* f,
                    Moment* out) {
  const int two = full_width ? 2 : 1;
  switch (directive) {
    case 'Y':
      return (f->year = MatchDigits(p, end, 4, 4)) >= 0;
    case 'y':
      f->year = MatchDigits(p, end, 2, 2);
      if (f->year < 0) return false;
      f->year += f->year < 69 ? 2000 : 1900;
      return true;
    case 'm':
      return (f->month = MatchDigits(p, end, two, 2)) >= 0;
    case 'b':
    case 'B':
    case 'h':
      return (f->month = 1 + MatchName(kMonths, 12, p, end)) > 0;
    case 'e':
      if (*p < end && **p == ' ') return ++*p, (f->day = MatchDigits(p, end, 1, 1)) >= 0;
      return (f->day = MatchDigits(p, end, two, 2)) >= 0;
    case 'd':
      return (f->day = MatchDigits(p, end, two, 2)) >= 0;
    case 'j':
      return (f->year_day = MatchDigits(p, end, full_width ? 3 : 1, 3)) >= 0;
    case 'a':
    case 'A':
      return (f->weekday = MatchName(kWeekdays, 7, p, end)) >= 0;
    case 'H':
    case 'I':
      return (f->hour = MatchDigits(p, end, two, 2)) >= 0;
    case 'M':
      return (f->minute = MatchDigits(p, end, two, 2)) >= 0;
    case 'S':
      return (f->second = MatchDigits(p, end, two, 2)) >= 0;
    case 'p': {
      if (end - *p < 2 || Lower((*p)[1]) != 'm') return false;
      f->half = Lower((*p)[0]) == 'a' ? 0 : Lower((*p)[0]) == 'p' ? 1 : -1;
      *p += 2;
      return f->half >= 0;
    }
    case 'f': {
      const char* const begin = *p;
      const int64_t value = MatchDigits(p, end, 1, 9);
      if (value < 0) return false;
      int64_t nanos = value;
      for (int64_t digits = *p - begin; digits < 9; ++digits) nanos *= 10;
      out->nanos = static_cast<int32_t>(nanos);
      return true;
    }
    case 'z': {
      const char* const after = OffsetEnd(*p, end);
      if (!ReadZoneOffset({*p, static_cast<size_t>(after - *p)}, &out->offset_seconds)) {
        return false;
      }
      *p = after;
      return out->has_zone = true;
    }
    case 'Z':
      for (const char* name : {"UTC", "GMT", "Z"}) {
        const size_t size = std::strlen(name);
        if (static_cast<size_t>(end - *p) < size || std::memcmp(*p, name, size) != 0) continue;
        *p += size;
        return out->has_zone = true;
      }
      return false;
    case 's': {
      f->epoch_negative = *p < end && **p == '-';
      *p += f->epoch_negative;
      f->epoch_seconds = MatchDigits(p, end, 1, 12);
      if (f->epoch_seconds < 0) return false;
      if (f->epoch_negative) f->epoch_seconds = -f->epoch_seconds;
      return f->epoch = true;
    }
    default:
      return false;
  }
}

}  // namespace

Result<TimePattern> TimePattern::Compile(const std::string& pattern, Target target) {
  ARROW_ASSIGN_OR_RAISE(const std::string expanded, Expand(pattern));
  TimePattern out;
  std::string directives;
  for (size_t i = 0; i < expanded.size(); ++i) {
    Step step;
    if (expanded[i] != '%') {
      step.literal = expanded[i];
    } else if (expanded[++i] == '%') {
      step.literal = '%';
    } else {
      step.directive = expanded[i];
      directives += step.directive;
      const bool next_directive = i + 2 < expanded.size() && expanded[i + 1] == '%';
      const bool before = !out.steps_.empty() && IsNumeric(out.steps_.back().directive);
      step.full_width = before || (next_directive && IsNumeric(expanded[i + 2]));
      out.has_zone_ |= step.directive == 'z' || step.directive == 'Z' || step.directive == 's';
    }
    out.steps_.push_back(step);
  }
  ARROW_RETURN_NOT_OK(CheckFields(pattern, directives, target));
  if (directives.find_first_not_of("YmdHMS") == std::string::npos) {
    for (const Step& step : out.steps_) {
      out.full_width_ += step.directive == 0 ? 1 : step.directive == 'Y' ? 4 : 2;
    }
  }
  return out;
}

// The usual text, at fixed places. False when it is none; then it may still match.
bool TimePattern::ParseFullWidth(const char* p, CastError* error, Moment* out) const {
  Fields fields;
  const auto two_digits = [](const char* at, int64_t* value) {
    const auto tens = static_cast<unsigned char>(at[0] - '0');
    const auto ones = static_cast<unsigned char>(at[1] - '0');
    *value = tens * 10 + ones;
    return tens <= 9 && ones <= 9;
  };
  for (const Step& step : steps_) {
    int64_t value = 0, more = 0;
    switch (step.directive) {
      case 0:
        if (*p++ != step.literal) return false;
        continue;
      case 'Y':
        if (!two_digits(p, &value) || !two_digits(p + 2, &more)) return false;
        fields.year = value * 100 + more;
        p += 4;
        continue;
      default:
        if (!two_digits(p, &value)) return false;
        p += 2;
    }
    (step.directive == 'm'   ? fields.month
     : step.directive == 'd' ? fields.day
     : step.directive == 'H' ? fields.hour
     : step.directive == 'M' ? fields.minute
                             : fields.second) = value;
  }
  *error = Assemble(fields, out);
  return true;
}

CastError TimePattern::Parse(const char* p, size_t size, Moment* out) const {
  CastError error = CastError::kNone;
  if (size == full_width_ && ParseFullWidth(p, &error, out)) return error;
  const char* const end = p + size;
  Fields fields;
  for (const Step& step : steps_) {
    if (step.directive == 0) {
      if (p == end || *p != step.literal) return CastError::kMalformed;
      ++p;
    } else if (!MatchDirective(step.directive, step.full_width, &p, end, &fields, out)) {
      return CastError::kMalformed;
    }
  }
  return p == end ? Assemble(fields, out) : CastError::kMalformed;
}

}  // namespace millrace::contract
