#include "expr/functions.h"

namespace millrace::expr {

Type MomentType(std::string_view function, const Type& argument) {
  Type result;  // microseconds for texts and days
  result.unit =
      argument.kind == Kind::kText || argument.kind == Kind::kDate ? result.unit : argument.unit;
  if (function == "date") {
    result.kind = Kind::kDate;
  } else if (function == "time") {
    result.kind = Kind::kTime;
  } else {
    result.kind = Kind::kTimestamp;
    if (function == "timestamp") result.zone = argument.zone.empty() ? "UTC" : argument.zone;
  }
  return result;
}

const std::vector<Function>& Functions() {
  static const std::vector<Function> functions = {
      {"lower", "t", 't', "lower(text)", "in lower case"},
      {"upper", "t", 't', "upper(text)", "in upper case"},
      {"trim", "t", 't', "trim(text)", "without white space at both ends"},
      {"ltrim", "t", 't', "ltrim(text)", "without white space at the start"},
      {"rtrim", "t", 't', "rtrim(text)", "without white space at the end"},
      {"length", "t", 'i', "length(text)", "its code points"},
      {"concat", "t*", 't', "concat(text, ...)", "joined; null when one is null, as with `||`"},
      {"substr", "ti?i", 't', "substr(text, start, count?)",
       "code points from `start`, which counts from 1"},
      {"replace", "tpp", 't', "replace(text, 'old', 'new')", "every `old` replaced"},
      {"starts_with", "tp", 'b', "starts_with(text, 'start')", "whether it does"},
      {"ends_with", "tp", 'b', "ends_with(text, 'end')", "whether it does"},
      {"contains", "tp", 'b', "contains(text, 'part')", "whether it does"},
      {"regex_match", "tp", 'b', "regex_match(text, 'pattern')",
       "whether the pattern (RE2 syntax) is found in it"},
      {"regex_extract", "tp", 't', "regex_extract(text, 'pattern')",
       "what the pattern's first group, `(?P<name>...)`, matches; null where it does not"},
      {"regex_replace", "tpp", 't', "regex_replace(text, 'pattern', 'new')",
       "every match replaced; `\\1` in `new` is the first group"},
      {"regex_count", "tp", 'i', "regex_count(text, 'pattern')",
       "how often the pattern is found, matches not overlapping"},
      {"left", "ti", 't', "left(text, count)",
       "so many code points at the start; below 0, all but so many at the end"},
      {"right", "ti", 't', "right(text, count)",
       "so many code points at the end; below 0, all but so many at the start"},
      {"split_part", "tpi", 't', "split_part(text, 'separator', number)",
       "the part of that number, from 1, or from -1 backwards; `''` where there are fewer"},
      {"position", "tp", 'i', "position(text, 'part')",
       "the code point where it begins, from 1; 0 where it does not stand"},
      {"lpad", "ti?p", 't', "lpad(text, length, 'fill'?)",
       "filled up at the start, with blanks if not told otherwise, or cut, to so many code points"},
      {"rpad", "ti?p", 't', "rpad(text, length, 'fill'?)", "likewise at the end"},
      {"repeat", "ti", 't', "repeat(text, count)", "so many times, at most 1 MiB"},
      {"reverse", "t", 't', "reverse(text)", "its code points backwards"},
      {"strip_accents", "t", 't', "strip_accents(text)",
       "letters without the marks above and below them: `café` as `cafe`"},
      {"sha256", "t", 't', "sha256(text)", "of its UTF-8 bytes, as 64 hex digits"},
      {"coalesce", "a*", 'a', "coalesce(x, ...)", "the first that is not null"},
      {"nullif", "aa", 'a', "nullif(x, y)", "null where they are equal, else x"},
      {"if", "baa", 'a', "if(condition, x, y)", "x where it is true, else y"},
      {"abs", "n", 'n', "abs(number)", "without its sign"},
      {"round", "f", 'f', "round(number)", "the nearest whole number, halves to even"},
      {"floor", "f", 'f', "floor(number)", "the whole number below"},
      {"ceil", "f", 'f', "ceil(number)", "the whole number above"},
      {"int64", "x", 'i', "int64(x)", "as an integer; only texts and numbers that are one"},
      {"float64", "x", 'f', "float64(x)", "as a floating-point number"},
      {"decimal", "xll", '*', "decimal(x, digits, places)",
       "as a decimal of so many digits, so many of them after the point; never rounded"},
      {"text", "a", 't', "text(x)", "as text"},
      {"bool", "x", 'b', "bool(x)", "`true` and `false` as texts, 1 and 0 as integers"},
      {"date", "m", 'd', "date(x)",
       "a text such as '2026-11-21' as a date; the day of a timestamp"},
      {"time", "w", '*', "time(x)",
       "a text such as '13:05' or '13:05:07.25' as a time; the time of day of a timestamp"},
      {"timestamp", "m", '*', "timestamp(x)",
       "a text with its zone, such as '2026-11-21T13:05:00Z', as a timestamp in UTC; the start of "
       "a "
       "day; a local timestamp taken as UTC"},
      {"local_timestamp", "m", '*', "local_timestamp(x)",
       "a text without a zone as a local timestamp; the start of a day; what a clock in UTC shows"},
      {"year", "d", 'i', "year(x)", "of a date or timestamp"},
      {"month", "d", 'i', "month(x)", "1 to 12"},
      {"day", "d", 'i', "day(x)", "of the month, from 1"},
      {"weekday", "d", 'i', "weekday(x)", "1 is Monday, 7 is Sunday"},
      {"quarter", "d", 'i', "quarter(x)", "1 to 4"},
      {"day_of_year", "d", 'i', "day_of_year(x)", "from 1"},
      {"week", "d", 'i', "week(x)",
       "by ISO 8601: week 1 has the year's first Thursday; of the days before it the last week"},
      {"epoch", "d", 'i', "epoch(x)",
       "seconds since 1970-01-01, rounded down; of a local timestamp as if in UTC"},
      {"days_between", "dd", 'i', "days_between(x, y)",
       "days from the date of x to that of y; below 0 where y comes first"},
      {"hour", "c", 'i', "hour(x)", "of a time or timestamp"},
      {"minute", "c", 'i', "minute(x)", "of the hour"},
      {"second", "c", 'i', "second(x)", "of the minute, without its fraction"},
      {"try", "a", 'a', "try(x)", "null where x cannot be computed"},
  };
  return functions;
}

const Function* FindFunction(std::string_view name) {
  for (const Function& function : Functions()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names;
  for (const Function& function : Functions()) names.emplace_back(function.name);
  return names;
}

std::string FunctionsMarkdown() {
  std::string out = "| Function | Gives |\n| --- | --- |\n";
  for (const Function& function : Functions()) {
    std::string description(function.description);
    for (size_t at = 0; (at = description.find("||", at)) != std::string::npos; at += 4) {
      description.replace(at, 2, "\\|\\|");
    }
    out += "| `" + std::string(function.signature) + "` | " + description + " |\n";
  }
  return out;
}

}  // namespace millrace::expr
