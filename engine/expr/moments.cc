// Dates, times of day and timestamps. A timestamp with a zone is an instant and its parts are those
// that a clock in UTC shows, so that no result depends on a machine's zone database.
#include "base/iso_time.h"
#include "expr/functions.h"
#include "expr/iso_text.h"
#include "expr/operations.h"

namespace millrace::expr {

namespace {

constexpr int64_t kSecondsPerDay = 86400;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Days, or ticks, whatever the width of the array.
int64_t TicksAt(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::DATE32:
      return static_cast<const arrow::Date32Array&>(array).Value(row);
    case arrow::Type::TIME32:
      return static_cast<const arrow::Time32Array&>(array).Value(row);
    case arrow::Type::TIME64:
      return static_cast<const arrow::Time64Array&>(array).Value(row);
    default:
      return static_cast<const arrow::TimestampArray&>(array).Value(row);
  }
}

// One tick count a row as an array of `type`.
template <class Function>
Result<Values> MapTicks(const Rows& rows, const Type& type, Errors errors, Function function) {
  const auto arrow_type = ArrowTypeOf(type);
  const auto narrow = [&](int64_t row, Errors* noted) -> std::optional<int32_t> {
    const std::optional<int64_t> ticks = function(row, noted);
    return ticks ? std::optional<int32_t>(static_cast<int32_t>(*ticks)) : std::nullopt;
  };
  switch (arrow_type->id()) {
    case arrow::Type::DATE32:
      return rows.Map<arrow::Date32Type>(arrow_type, std::move(errors), narrow);
    case arrow::Type::TIME32:
      return rows.Map<arrow::Time32Type>(arrow_type, std::move(errors), narrow);
    case arrow::Type::TIME64:
      return rows.Map<arrow::Time64Type>(arrow_type, std::move(errors), function);
    default:
      return rows.Map<arrow::TimestampType>(arrow_type, std::move(errors), function);
  }
}

// The week that holds the Thursday of the day's week, counted in that Thursday's year.
int64_t IsoWeek(int64_t days) {
  const int64_t weekday = days + 3 - FloorDivide(days + 3, 7) * 7;  // 0 is Monday
  const int64_t thursday = days - weekday + 3;
  int64_t year = 0;
  unsigned month = 0, day = 0;
  CivilFromDays(thursday, &year, &month, &day);
  return (thursday - DaysFromCivil(year, 1, 1)) / 7 + 1;
}

// A day or timestamp as what `to` counts; false where that overflows.
bool Convert(int64_t value, const Type& from, const Type& to, int64_t* result) {
  const int64_t per_second = TicksPerSecond(to.unit);
  if (from.kind == Kind::kDate) {
    *result = value;
    if (to.kind == Kind::kDate) return true;
    return !__builtin_mul_overflow(value, kSecondsPerDay * per_second, result);
  }
  const int64_t per_day = kSecondsPerDay * TicksPerSecond(from.unit);
  if (to.kind == Kind::kDate) {
    *result = FloorDivide(value, per_day);
    return *result >= INT32_MIN && *result <= INT32_MAX;
  }
  *result = to.kind == Kind::kTime && from.kind == Kind::kTimestamp
                ? value - FloorDivide(value, per_day) * per_day
                : value;
  return true;
}

}  // namespace

Result<Values> EvaluateMoment(const Rows& rows, const Node& node, const Values& from) {
  const Type before = TypeOf(from), after = MomentType(node.name, before);
  const ArrayPtr& array = from.array;
  if (before.kind == Kind::kText) {
    const auto& texts = static_cast<const arrow::StringArray&>(*array);
    return MapTicks(rows, after, from.errors,
                    [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
                      if (array->IsNull(row)) return std::nullopt;
                      const IsoText read = ReadIsoText(node.name, texts.GetView(row));
                      if (read.problem == nullptr) return read.value;
                      return rows.Fail(node.arguments[0] ? *node.arguments[0] : node, row,
                                       "expr.cast", read.problem, errors);
                    });
  }
  return MapTicks(rows, after, from.errors,
                  [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
                    int64_t value = 0;
                    if (array->IsNull(row)) return std::nullopt;
                    if (Convert(TicksAt(*array, row), before, after, &value)) return value;
                    return rows.Fail(node, row, "expr.overflow", "is out of range", errors);
                  });
}

Result<Values> EvaluateMomentPart(const Rows& rows, const Node& node, const Values& from) {
  const std::string& part = node.name;
  const Type type = TypeOf(from);
  const bool of_day = part == "hour" || part == "minute" || part == "second";
  const int64_t per_second = TicksPerSecond(type.unit);
  const auto of_time = [&](int64_t ticks) {
    const int64_t seconds = FloorDivide(ticks, per_second);
    const int64_t rest = seconds - FloorDivide(seconds, kSecondsPerDay) * kSecondsPerDay;
    return part == "hour" ? rest / 3600 : part == "minute" ? rest / 60 % 60 : rest % 60;
  };
  const auto of_date = [&](int64_t days) {
    int64_t year = 0;
    unsigned month = 0, day = 0;
    CivilFromDays(days, &year, &month, &day);
    if (part == "year") return year;
    if (part == "month") return static_cast<int64_t>(month);
    if (part == "day") return static_cast<int64_t>(day);
    if (part == "quarter") return static_cast<int64_t>((month + 2) / 3);
    if (part == "day_of_year") return days - DaysFromCivil(year, 1, 1) + 1;
    if (part == "week") return IsoWeek(days);
    return days + 3 - FloorDivide(days + 3, 7) * 7 + 1;  // 1970-01-01 was a Thursday
  };
  return rows.Map<arrow::Int64Type>(from.errors, [&](int64_t row, Errors*) {
    if (from.array->IsNull(row)) return std::optional<int64_t>();
    const int64_t ticks = TicksAt(*from.array, row);
    if (part == "epoch") {
      return std::optional<int64_t>(type.kind == Kind::kDate ? ticks * kSecondsPerDay
                                                             : FloorDivide(ticks, per_second));
    }
    if (of_day) return std::optional<int64_t>(of_time(ticks));
    const bool date = type.kind == Kind::kDate;
    return std::optional<int64_t>(
        of_date(date ? ticks : FloorDivide(ticks, kSecondsPerDay * per_second)));
  });
}

Result<Values> EvaluateDaysBetween(const Rows& rows, const Node& node, Arguments arguments) {
  (void)node;
  const auto day = [](const Values& values, int64_t row) {
    const Type type = TypeOf(values);
    const int64_t ticks = TicksAt(*values.array, row);
    return type.kind == Kind::kDate
               ? ticks
               : FloorDivide(ticks, kSecondsPerDay * TicksPerSecond(type.unit));
  };
  return rows.Map<arrow::Int64Type>(Union(arguments), [&](int64_t row, Errors*) {
    const bool null = arguments[0].array->IsNull(row) || arguments[1].array->IsNull(row);
    return null ? std::optional<int64_t>()
                : std::optional<int64_t>(day(arguments[1], row) - day(arguments[0], row));
  });
}

int CompareMoments(const Values& a, const Values& b, int64_t row) {
  const auto nanos = [&](const Values& values) {
    return static_cast<__int128>(TicksAt(*values.array, row)) *
           (1000000000 / TicksPerSecond(TypeOf(values).unit));
  };
  const __int128 left = nanos(a), right = nanos(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

Result<Values> ToUnit(const Rows& rows, const Node& node, const Type& type, Values from) {
  const int64_t factor = TicksPerSecond(type.unit) / TicksPerSecond(TypeOf(from).unit);
  return MapTicks(rows, type, std::move(from.errors),
                  [&](int64_t row, Errors* errors) -> std::optional<int64_t> {
                    int64_t ticks = 0;
                    if (from.array->IsNull(row)) return std::nullopt;
                    if (!__builtin_mul_overflow(TicksAt(*from.array, row), factor, &ticks)) {
                      return ticks;
                    }
                    return rows.Fail(node, row, "expr.overflow", "is out of range", errors);
                  });
}

}  // namespace millrace::expr
