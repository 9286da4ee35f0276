// The oracle's casts, moments and texts: what a function makes of values that are there.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <regex>

#include "base/iso_time.h"
#include "expr/testing/sample.h"

namespace millrace::expr::testing {

inline Value Bool(bool boolean) {
  Value value;
  value.kind = Kind::kBool;
  value.boolean = boolean;
  return value;
}
inline Value Integer(__int128 integer) {
  if (integer < INT64_MIN || integer > INT64_MAX) return Failure("expr.overflow");
  Value value;
  value.kind = Kind::kInt;
  value.integer = static_cast<int64_t>(integer);
  return value;
}
inline Value Real(double real) {
  Value value;
  value.kind = Kind::kFloat;
  value.real = real;
  return value;
}
inline Value Finite(double real) {
  return std::isfinite(real) ? Real(real) : Failure("expr.overflow");
}
inline Value Text(std::string text) {
  Value value;
  value.kind = Kind::kText;
  value.text = std::move(text);
  return value;
}
inline Value Decimal(Big decimal, int scale) {
  Value value;
  value.kind = Kind::kDecimal;
  value.decimal = std::move(decimal);
  value.scale = scale;
  return value;
}
inline Value Ticks(Kind kind, int64_t ticks, int64_t per_second) {
  Value value;
  value.kind = kind;
  value.integer = ticks;
  value.per_second = per_second;
  return value;
}

// Days since 1970-01-01 and what is left of the day, in UTC.
inline std::pair<std::chrono::sys_days, int64_t> Split(const Value& value) {
  if (value.kind == Kind::kDate) {
    return {std::chrono::sys_days(std::chrono::days(value.integer)), 0};
  }
  const int64_t per_day = 86400 * value.per_second;
  const int64_t rest = ((value.integer % per_day) + per_day) % per_day;
  return {std::chrono::sys_days(std::chrono::days((value.integer - rest) / per_day)), rest};
}

inline __int128 Part(const std::string& op, const Value& value) {
  const auto [days, rest] = Split(value);
  const std::chrono::year_month_day date(days);
  if (op == "year") return static_cast<int>(date.year());
  if (op == "month") return static_cast<unsigned>(date.month());
  if (op == "day") return static_cast<unsigned>(date.day());
  if (op == "weekday") return std::chrono::weekday(days).iso_encoding();
  if (op == "quarter") return (static_cast<unsigned>(date.month()) - 1) / 3 + 1;
  const auto new_year = [](std::chrono::year year) {
    return std::chrono::sys_days(year / std::chrono::January / 1);
  };
  if (op == "day_of_year") return (days - new_year(date.year())).count() + 1;
  if (op == "week") {  // as many as there are Thursdays in the year up to that of the week
    std::chrono::sys_days thursday = days;
    while (std::chrono::weekday(thursday) != std::chrono::Monday) thursday -= std::chrono::days(1);
    thursday += std::chrono::days(3);
    const std::chrono::year_month_day its(thursday);
    int64_t weeks = 0;
    for (auto day = new_year(its.year()); day <= thursday; day += std::chrono::days(1)) {
      weeks += std::chrono::weekday(day) == std::chrono::Thursday;
    }
    return weeks;
  }
  if (op == "epoch") {
    return static_cast<__int128>(days.time_since_epoch().count()) * 86400 + rest / value.per_second;
  }
  const int64_t seconds = rest / value.per_second;
  return op == "hour" ? seconds / 3600 : op == "minute" ? seconds % 3600 / 60 : seconds % 60;
}

inline __int128 DayOf(const Value& value) { return Split(value).first.time_since_epoch().count(); }

inline std::string Padded(int64_t number, size_t width) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

inline std::string AsText(const Value& value) {
  switch (value.kind) {
    case Kind::kBool:
      return value.boolean ? "true" : "false";
    case Kind::kInt:
      return std::to_string(value.integer);
    case Kind::kFloat: {
      char text[32];
      return {text, std::to_chars(text, text + sizeof text, value.real).ptr};
    }
    case Kind::kDecimal: {
      std::string digits = value.decimal.digits;
      const auto scale = static_cast<size_t>(value.scale);
      while (digits.size() <= scale) digits.insert(0, "0");
      if (scale > 0) digits.insert(digits.size() - scale, ".");
      return (value.decimal.negative ? "-" : "") + digits;
    }
    case Kind::kText:
      return value.text;
    default:
      break;
  }
  const std::string date = Padded(static_cast<int64_t>(Part("year", value)), 4) + "-" +
                           Padded(static_cast<int64_t>(Part("month", value)), 2) + "-" +
                           Padded(static_cast<int64_t>(Part("day", value)), 2);
  if (value.kind == Kind::kDate) return date;
  std::string time = Padded(static_cast<int64_t>(Part("hour", value)), 2) + ":" +
                     Padded(static_cast<int64_t>(Part("minute", value)), 2) + ":" +
                     Padded(static_cast<int64_t>(Part("second", value)), 2);
  const int64_t fraction = Split(value).second % value.per_second;
  if (fraction != 0) {
    time += "." + Padded(fraction, std::to_string(value.per_second).size() - 1);
    while (time.back() == '0') time.pop_back();
  }
  return value.kind == Kind::kTime ? time : date + "T" + time + (value.boolean ? "Z" : "");
}

inline Value ToInteger(const Value& value) {
  if (value.kind == Kind::kInt) return value;
  if (value.kind == Kind::kBool) return Integer(value.boolean ? 1 : 0);
  if (value.kind == Kind::kFloat) {
    if (std::trunc(value.real) != value.real || std::fabs(value.real) > 1e19) {
      return Failure("expr.cast");
    }
    const Value whole = Integer(static_cast<__int128>(value.real));
    return whole.failed() ? Failure("expr.cast") : whole;
  }
  std::string text = AsText(value);
  if (value.kind == Kind::kDecimal) text = std::regex_replace(text, std::regex("\\.0*$"), "");
  if (!std::regex_match(text, std::regex("-?[0-9]+"))) return Failure("expr.cast");
  const Big big = Big::Of(text);
  if (Order(big, Big::Of(std::to_string(INT64_MAX))) > 0 ||
      Order(big, Big::Of(std::to_string(INT64_MIN))) < 0) {
    return Failure("expr.cast");
  }
  return Integer(std::stoll(text));
}

inline Value ToReal(const Value& value) {
  if (value.kind == Kind::kFloat) return value;
  if (value.kind == Kind::kInt) return Real(static_cast<double>(value.integer));
  if (value.kind == Kind::kBool) return Real(value.boolean ? 1 : 0);
  const std::string text = AsText(value);
  static const std::regex number("-?([0-9]+\\.?[0-9]*|\\.[0-9]+)(e[+-]?[0-9]+)?",
                                 std::regex::icase);
  if (!std::regex_match(text, number)) return Failure("expr.cast");
  const double real = std::strtod(text.c_str(), nullptr);
  return std::isfinite(real) ? Real(real) : Failure("expr.cast");
}

inline Value ToDecimal(const Value& value, const Type& type) {
  std::string text = AsText(value);
  if (value.kind == Kind::kBool) text = value.boolean ? "1" : "0";
  if (value.kind == Kind::kFloat) {  // the shortest digits that read as this number
    char buffer[1100];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value.real, std::chars_format::fixed);
    text.assign(buffer, end.ptr);
  }
  if (!std::regex_match(text, std::regex("-?[0-9]+(\\.[0-9]+)?"))) return Failure("expr.cast");
  const size_t point = std::min(text.find('.'), text.size());
  std::string places = point < text.size() ? text.substr(point + 1) : "";
  while (!places.empty() && places.back() == '0') places.pop_back();
  const auto scale = static_cast<size_t>(type.scale);
  if (places.size() > scale) return Failure("expr.cast");
  places.append(scale - places.size(), '0');
  const Big big = Big::Of(text.substr(0, point) + places);
  if (big.digits.size() > static_cast<size_t>(type.precision)) return Failure("expr.cast");
  return Decimal(big, type.scale);
}

inline Value ToBool(const Value& value) {
  if (value.kind == Kind::kBool) return value;
  const std::string text = AsText(value);
  if (value.kind == Kind::kText) {
    return text == "true" ? Bool(true) : text == "false" ? Bool(false) : Failure("expr.cast");
  }
  if (std::regex_match(text, std::regex("1(\\.0*)?"))) return Bool(true);
  if (std::regex_match(text, std::regex("-?0(\\.0*)?"))) return Bool(false);
  return Failure("expr.cast");
}

// `boolean` of a timestamp: whether it has a zone.
inline Value Zoned(Value value, const Type& type) {
  value.kind = Kind::kTimestamp;
  value.boolean = !type.zone.empty();
  return value;
}

inline Value ReadMoment(const std::string& text, const Type& type) {
  static const std::regex moment(
      "(([0-9]{4})-([0-9]{2})-([0-9]{2}))?([T ])?(([0-9]{2}):([0-9]{2})(:([0-9]{2})(\\.([0-9]+))?"
      ")?)?(Z|([+-])([0-9]{2}):([0-9]{2}))?");
  std::smatch m;
  const Value failure = Failure("expr.cast");
  if (!std::regex_match(text, m, moment)) return failure;
  const bool has[] = {m[1].matched, m[5].matched, m[6].matched, m[13].matched};
  const bool timestamp = type.kind == Kind::kTimestamp;
  const bool want[] = {type.kind != Kind::kTime, timestamp, type.kind != Kind::kDate,
                       timestamp && !type.zone.empty()};
  if (!std::equal(has, has + 4, want)) return failure;
  const auto number = [&](size_t group) {
    return m[group].matched ? std::stoll(m[group].str()) : 0;
  };
  int64_t days = 0;
  if (has[0]) {
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(number(2))),
                                           std::chrono::month(static_cast<unsigned>(number(3))),
                                           std::chrono::day(static_cast<unsigned>(number(4))));
    if (!date.ok() || number(2) == 0) return failure;
    days = std::chrono::sys_days(date).time_since_epoch().count();
  }
  if (type.kind == Kind::kDate) return Ticks(Kind::kDate, days, 1);
  if (number(7) > 23 || number(8) > 59 || number(10) > 59) return failure;
  if (number(15) > 23 || number(16) > 59) return failure;
  std::string fraction = m[12].str();
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (fraction.size() > 6) return failure;
  fraction.append(6 - fraction.size(), '0');
  int64_t seconds = days * 86400 + number(7) * 3600 + number(8) * 60 + number(10);
  const int64_t offset = number(15) * 3600 + number(16) * 60;
  seconds += m[14].str() == "-" ? offset : -offset;
  const Value ticks = Ticks(type.kind, seconds * 1000000 + std::stoll(fraction), 1000000);
  return timestamp ? Zoned(ticks, type) : ticks;
}

inline Value ToMoment(const Value& value, const Type& type) {
  const int64_t per_second = TicksPerSecond(type.unit);
  if (value.kind == Kind::kText) return ReadMoment(value.text, type);
  if (type.kind == Kind::kDate) {
    return Ticks(Kind::kDate, Split(value).first.time_since_epoch().count(), 1);
  }
  if (type.kind == Kind::kTime) return Ticks(Kind::kTime, Split(value).second, per_second);
  if (value.kind == Kind::kDate) {
    const Value ticks = Integer(static_cast<__int128>(value.integer) * 86400 * per_second);
    return ticks.failed() ? ticks : Zoned(Ticks(Kind::kTimestamp, ticks.integer, per_second), type);
  }
  return Zoned(value, type);
}

inline std::vector<std::string> CodePoints(const std::string& text) {
  std::vector<std::string> points;
  for (char c : text) {
    if (points.empty() || (static_cast<unsigned char>(c) & 0xc0) != 0x80) points.emplace_back();
    points.back() += c;
  }
  return points;
}

inline std::string Cased(const std::string& text, bool lower) {
  static const std::vector<std::pair<std::string, std::string>> kPairs = {
      {"a", "A"}, {"b", "B"}, {"e", "E"}, {"t", "T"}, {"r", "R"}, {"u", "U"}, {"f", "F"},
      {"l", "L"}, {"s", "S"}, {"i", "I"}, {"n", "N"}, {"z", "Z"}, {"ü", "Ü"}, {"é", "É"}};
  std::string cased;
  for (std::string point : CodePoints(text)) {
    for (const auto& pair : kPairs) {
      if (point == (lower ? pair.second : pair.first)) {
        point = lower ? pair.first : pair.second;
        break;
      }
    }
    cased += point;
  }
  return cased;
}

inline std::string Trimmed(const std::string& text, bool left, bool right) {
  std::vector<std::string> points = CodePoints(text);
  const auto space = [](const std::string& p) { return p == " " || p == "\t" || p == "\u3000"; };
  while (right && !points.empty() && space(points.back())) points.pop_back();
  while (left && !points.empty() && space(points.front())) points.erase(points.begin());
  std::string trimmed;
  for (const std::string& point : points) trimmed += point;
  return trimmed;
}

using Points = std::vector<std::string>;

inline std::string Joined(const Points& points, int64_t begin, int64_t end) {
  std::string text;
  for (int64_t i = std::max<int64_t>(0, begin); i < end; ++i) {
    if (i < static_cast<int64_t>(points.size())) text += points[static_cast<size_t>(i)];
  }
  return text;
}

inline bool IsLike(const Points& text, const Points& pattern, size_t i = 0, size_t j = 0) {
  if (j == pattern.size()) return i == text.size();
  if (pattern[j] == "%") {
    return IsLike(text, pattern, i, j + 1) || (i < text.size() && IsLike(text, pattern, i + 1, j));
  }
  if (i == text.size() || (pattern[j] != "_" && pattern[j] != text[i])) return false;
  return IsLike(text, pattern, i + 1, j + 1);
}

inline Value OfCounted(const std::string& op, const std::vector<Value>& values) {
  const Points points = CodePoints(values[0].text);
  const auto length = static_cast<__int128>(points.size());
  const __int128 count = values[1].integer;
  const auto cut = [&](__int128 begin, __int128 end) {
    begin = std::clamp<__int128>(begin, 0, length);
    end = std::clamp<__int128>(end, 0, length);
    return Text(Joined(points, static_cast<int64_t>(begin), static_cast<int64_t>(end)));
  };
  if (op == "left") return cut(0, count < 0 ? length + count : count);
  if (op == "right") return cut(count < 0 ? -count : length - count, length);
  if (op == "repeat") {
    const auto bytes = static_cast<__int128>(values[0].text.size());
    std::string repeated;
    if (bytes == 0) return Text("");
    if (count * bytes > 1 << 20) return Failure("expr.too_long");
    for (__int128 i = 0; i < count; ++i) repeated += values[0].text;
    return Text(repeated);
  }
  if (count <= length) return cut(0, count);  // lpad, rpad
  if (count > (1 << 20) / 4) return Failure("expr.too_long");
  const Points fill = CodePoints(values.size() > 2 ? values[2].text : " ");
  std::string added;
  for (__int128 i = 0; i < count - length; ++i) {
    added += fill[static_cast<size_t>(i) % fill.size()];
  }
  return Text(op == "lpad" ? added + values[0].text : values[0].text + added);
}

inline Value SplitPart(const std::string& text, const std::string& separator, int64_t number) {
  if (number == 0) return Failure("expr.no_part");
  std::vector<std::string> parts = {""};
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, separator.size(), separator) == 0) {
      parts.emplace_back();
      i += separator.size();
    } else {
      parts.back() += text[i++];
    }
  }
  if (number < 0) std::reverse(parts.begin(), parts.end());
  for (size_t i = 0; i < parts.size(); ++i) {
    if (static_cast<int64_t>(i) + 1 == number || -static_cast<int64_t>(i) - 1 == number) {
      return Text(parts[i]);
    }
  }
  return Text("");
}

inline Value OfText(const std::string& op, const std::vector<Value>& values) {
  const std::string& text = values[0].text;
  if (op == "left" || op == "right" || op == "repeat" || op == "lpad" || op == "rpad") {
    return OfCounted(op, values);
  }
  if (op == "split_part") return SplitPart(text, values[1].text, values[2].integer);
  if (op == "like") return Bool(IsLike(CodePoints(text), CodePoints(values[1].text)));
  if (op == "ilike") {
    return Bool(IsLike(CodePoints(Cased(text, true)), CodePoints(Cased(values[1].text, true))));
  }
  if (op == "reverse") {
    Points points = CodePoints(text);
    std::reverse(points.begin(), points.end());
    return Text(Joined(points, 0, static_cast<int64_t>(points.size())));
  }
  if (op == "strip_accents") {
    std::string bare = text;
    for (const auto& [marked, plain] : {std::pair("ü", "u"), {"Ü", "U"}, {"é", "e"}, {"É", "E"}}) {
      bare = std::regex_replace(bare, std::regex(marked), plain);
    }
    return Text(bare);
  }
  if (op == "position") {
    const size_t at = text.find(values[1].text);
    return at == std::string::npos
               ? Integer(0)
               : Integer(static_cast<int64_t>(CodePoints(text.substr(0, at)).size()) + 1);
  }
  if (op == "regex_count") {
    const std::regex pattern(values[1].text);
    return Integer(std::distance(std::sregex_iterator(text.begin(), text.end(), pattern), {}));
  }
  if (op == "regex_replace") {
    return Text(std::regex_replace(text, std::regex(values[1].text), "<$1>"));
  }
  if (op == "lower" || op == "upper") return Text(Cased(text, op == "lower"));
  if (op == "trim") return Text(Trimmed(text, true, true));
  if (op == "ltrim") return Text(Trimmed(text, true, false));
  if (op == "rtrim") return Text(Trimmed(text, false, true));
  if (op == "length") return Integer(static_cast<int64_t>(CodePoints(text).size()));
  if (op == "substr") {
    const std::vector<std::string> points = CodePoints(text);
    const int64_t start = std::max<int64_t>(1, values[1].integer);
    std::string part;
    int64_t left = values.size() > 2 ? std::max<int64_t>(0, values[2].integer) : INT64_MAX;
    for (size_t i = 0; i < points.size(); ++i) {
      if (static_cast<int64_t>(i) + 1 >= start && left-- > 0) part += points[i];
    }
    return Text(part);
  }
  const std::string& other = values[1].text;
  const size_t at = text.find(other);
  if (op == "contains") return Bool(at != std::string::npos);
  if (op == "starts_with") return Bool(at == 0);
  if (op == "ends_with") {
    return Bool(text.size() >= other.size() && text.substr(text.size() - other.size()) == other);
  }
  if (op == "replace") {
    std::string rest = text, replaced;
    for (size_t found; (found = rest.find(other)) != std::string::npos;) {
      replaced += rest.substr(0, found) + values[2].text;
      rest = rest.substr(found + other.size());
    }
    return Text(replaced + rest);
  }
  const std::regex pattern(std::regex_replace(other, std::regex("\\?P<[a-z]+>"), ""));
  std::smatch match;
  const bool matches = std::regex_search(text, match, pattern);
  if (op == "regex_match") return Bool(matches);
  return matches ? Text(match[1].str()) : Null();
}

}  // namespace millrace::expr::testing
