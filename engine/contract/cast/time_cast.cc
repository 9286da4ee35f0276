// Texts to dates, times and timestamps. A timestamp with a zone stores instants: a text with an
// offset is one by itself; a text without is local time in the type's zone.
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>

#include <algorithm>
#include <mutex>

#include "contract/cast/cast_loop.h"
#include "contract/cast/parse_time.h"
#include "contract/cast/text_cast.h"

namespace millrace::contract {

namespace {

using Type = std::shared_ptr<arrow::DataType>;
using Texts = std::shared_ptr<arrow::StringArray>;

// The formats in order; the error of the one that came furthest in meaning: a text that matches a
// pattern but names no real day says more than "malformed".
CastError ReadFormats(const std::vector<TimePattern>& patterns, const char* p, size_t size,
                      Moment* out) {
  CastError error = CastError::kMalformed;
  for (const TimePattern& pattern : patterns) {
    Moment moment;
    const CastError found = pattern.Parse(p, size, &moment);
    if (found == CastError::kNone) {
      *out = moment;
      return found;
    }
    if (found != CastError::kMalformed) error = found;
  }
  return error;
}

class DateCast final : public TextCast {
 public:
  explicit DateCast(std::vector<TimePattern> patterns) : patterns_(std::move(patterns)) {}
  Result<CastResult> Cast(const Texts& texts) const override {
    if (patterns_.empty()) {
      return CastEach<int32_t>(*texts, arrow::date32(),
                               [](const char* p, size_t size, const char*, int32_t* out) {
                                 return ParseIsoDate(p, size, out);
                               });
    }
    return CastEach<int32_t>(*texts, arrow::date32(),
                             [this](const char* p, size_t size, const char*, int32_t* out) {
                               Moment moment;
                               const CastError error = ReadFormats(patterns_, p, size, &moment);
                               *out = static_cast<int32_t>(moment.days);
                               return error;
                             });
  }

 private:
  std::vector<TimePattern> patterns_;
};

template <typename Ticks>
class TimeCast final : public TextCast {
 public:
  TimeCast(Type type, std::vector<TimePattern> patterns)
      : type_(std::move(type)), patterns_(std::move(patterns)) {}
  Result<CastResult> Cast(const Texts& texts) const override {
    const auto unit = static_cast<const arrow::TimeType&>(*type_).unit();
    return CastEach<Ticks>(
        *texts, type_, [this, unit](const char* p, size_t size, const char*, Ticks* out) {
          Moment moment;
          CastError error = patterns_.empty() ? ParseIsoTime(p, size, &moment)
                                              : ReadFormats(patterns_, p, size, &moment);
          int64_t ticks = 0;
          if (error == CastError::kNone) error = TicksOfDay(moment, unit, &ticks);
          *out = static_cast<Ticks>(ticks);
          return error;
        });
  }

 private:
  Type type_;
  std::vector<TimePattern> patterns_;
};

// How a text without an offset becomes an instant.
enum class ZoneKind { kNone, kFixed, kNamed };

class TimestampCast final : public TextCast {
 public:
  TimestampCast(Type type, std::vector<TimePattern> patterns, ZoneKind zone, int32_t offset_seconds)
      : type_(std::move(type)),
        patterns_(std::move(patterns)),
        zone_(zone),
        offset_seconds_(offset_seconds) {}

  Result<CastResult> Cast(const Texts& texts) const override {
    const auto unit = static_cast<const arrow::TimestampType&>(*type_).unit();
    std::vector<int64_t> local_rows;
    const int64_t* row_zero = nullptr;
    auto read = [&](const char* p, size_t size, const char*, int64_t* out) {
      if (row_zero == nullptr) row_zero = out;
      Moment moment;
      const CastError error = patterns_.empty() ? ParseIsoMoment(p, size, &moment)
                                                : ReadFormats(patterns_, p, size, &moment);
      if (error != CastError::kNone) return error;
      if (zone_ == ZoneKind::kNone && moment.has_zone) return CastError::kUnexpectedZone;
      if (zone_ == ZoneKind::kFixed && !moment.has_zone) moment.offset_seconds = offset_seconds_;
      const CastError ticks = TicksSinceEpoch(moment, unit, out);
      if (zone_ == ZoneKind::kNamed && !moment.has_zone && ticks == CastError::kNone) {
        local_rows.push_back(out - row_zero);
      }
      return ticks;
    };
    // Rows are counted from the first text that is not null.
    int64_t first = 0;
    while (first < texts->length() && texts->IsNull(first)) ++first;
    ARROW_ASSIGN_OR_RAISE(CastResult result, CastEach<int64_t>(*texts, type_, read));
    for (int64_t& row : local_rows) row += first;
    if (!local_rows.empty()) ARROW_RETURN_NOT_OK(FromLocalTime(local_rows, &result));
    return result;
  }

 private:
  // Both readings of an ambiguous or skipped local time differ, those of any other are the same.
  Status FromLocalTime(const std::vector<int64_t>& rows, CastResult* result) const {
    namespace cp = arrow::compute;
    const auto& type = static_cast<const arrow::TimestampType&>(*type_);
    const Type naive = arrow::timestamp(type.unit());
    arrow::Int64Builder builder;
    int64_t* values = result->values->data()->GetMutableValues<int64_t>(1);
    for (int64_t row : rows) ARROW_RETURN_NOT_OK(builder.Append(values[row]));
    ARROW_ASSIGN_OR_RAISE(auto ticks, builder.Finish());
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Array> local, ticks->View(naive));
    using Options = cp::AssumeTimezoneOptions;
    const Options early_options(type.timezone(), Options::AMBIGUOUS_EARLIEST,
                                Options::NONEXISTENT_EARLIEST);
    const Options late_options(type.timezone(), Options::AMBIGUOUS_LATEST,
                               Options::NONEXISTENT_LATEST);
    const std::vector<arrow::Datum> arguments = {local};
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum early,
                          cp::CallFunction("assume_timezone", arguments, &early_options));
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum late,
                          cp::CallFunction("assume_timezone", arguments, &late_options));
    const auto* first = early.array()->GetValues<int64_t>(1);
    const auto* second = late.array()->GetValues<int64_t>(1);
    for (size_t i = 0; i < rows.size(); ++i) {
      values[rows[i]] = first[i];
      if (first[i] == second[i]) continue;
      // A skipped time reads as the two instants around the change, one tick apart.
      result->failures.push_back({rows[i], second[i] - first[i] <= 1 ? CastError::kNoSuchLocalTime
                                                                     : CastError::kAmbiguousTime});
      values[rows[i]] = 0;
    }
    std::sort(result->failures.begin(), result->failures.end(),
              [](const CastFailure& a, const CastFailure& b) { return a.row < b.row; });
    ARROW_ASSIGN_OR_RAISE(auto valid, ValidityOf(*result->values, result->failures));
    auto data = result->values->data()->Copy();
    data->buffers[0] = valid;
    data->null_count = arrow::kUnknownNullCount;
    result->values = arrow::MakeArray(data);
    return Status::OK();
  }

  Type type_;
  std::vector<TimePattern> patterns_;
  ZoneKind zone_;
  int32_t offset_seconds_;
};

void InitializeCompute() {
  static std::once_flag once;
  std::call_once(once, [] { (void)arrow::compute::Initialize(); });
}

Result<std::shared_ptr<const TextCast>> MakeTimestampCast(const Type& type,
                                                          std::vector<TimePattern> patterns) {
  const std::string& zone = static_cast<const arrow::TimestampType&>(*type).timezone();
  int32_t offset = 0;
  ZoneKind kind = ZoneKind::kFixed;
  if (zone.empty()) {
    kind = ZoneKind::kNone;
    for (const TimePattern& pattern : patterns) {
      if (pattern.has_zone()) {
        return MakeError(
            ErrorCode::kBadValue, "a format reads a zone, but the type has none",
            "declare " + type->ToString().substr(0, type->ToString().size() - 1) + ", UTC]");
      }
    }
  } else if (zone != "UTC" && !ReadZoneOffset(zone, &offset)) {
    kind = ZoneKind::kNamed;
    InitializeCompute();
    const arrow::compute::AssumeTimezoneOptions options(zone);
    arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::SECOND),
                                    arrow::default_memory_pool());
    ARROW_RETURN_NOT_OK(builder.Append(0));
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Array> probe, builder.Finish());
    if (!arrow::compute::CallFunction("assume_timezone", std::vector<arrow::Datum>{probe}, &options)
             .ok()) {
      return MakeError(ErrorCode::kBadValue,
                       "this machine's time zone database has no zone `" + zone + "`",
                       "use UTC, an offset such as +02:00, or install tzdata");
    }
  }
  return std::make_shared<TimestampCast>(type, std::move(patterns), kind, offset);
}

}  // namespace

Result<std::shared_ptr<const TextCast>> MakeTimeCast(const Type& type,
                                                     const TextCastOptions& options) {
  using Target = TimePattern::Target;
  const Target target = type->id() == arrow::Type::DATE32      ? Target::kDate
                        : type->id() == arrow::Type::TIMESTAMP ? Target::kTimestamp
                                                               : Target::kTime;
  std::vector<TimePattern> patterns;
  for (const std::string& format : options.formats) {
    ARROW_ASSIGN_OR_RAISE(TimePattern pattern, TimePattern::Compile(format, target));
    patterns.push_back(std::move(pattern));
  }
  if (target == Target::kDate) return std::make_shared<DateCast>(std::move(patterns));
  if (target == Target::kTimestamp) return MakeTimestampCast(type, std::move(patterns));
  if (type->id() == arrow::Type::TIME32) {
    return std::make_shared<TimeCast<int32_t>>(type, std::move(patterns));
  }
  return std::make_shared<TimeCast<int64_t>>(type, std::move(patterns));
}

}  // namespace millrace::contract
