#include "stage/profile_extremes.h"

#include <arrow/array/array_decimal.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_run_reader.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "io/text/value_text.h"

namespace millrace::stage {
namespace {

// The longest prefix of whole UTF-8 characters.
std::string WholeCharacters(const std::string& prefix, size_t bytes_max) {
  if (prefix.size() < bytes_max) return prefix;
  size_t end = prefix.size();
  size_t tail = 0;
  while (tail < 4 && end > tail && (static_cast<uint8_t>(prefix[end - 1 - tail]) & 0xc0) == 0x80)
    ++tail;
  if (end <= tail) return prefix;
  const uint8_t lead = static_cast<uint8_t>(prefix[end - 1 - tail]);
  const size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return tail + 1 < wanted ? prefix.substr(0, end - 1 - tail) : prefix;
}

// Calls visit(first, count) for each run of non-null values.
template <typename Visit>
void VisitValidRuns(const arrow::Array& values, Visit visit) {
  if (values.null_count() == 0) {
    if (values.length() > 0) visit(int64_t{0}, values.length());
    return;
  }
  arrow::internal::VisitSetBitRunsVoid(values.null_bitmap_data(), values.offset(), values.length(),
                                       visit);
}

template <typename Number>
Number Load(const char* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

// As a big-endian number, zeros for what a shorter text lacks. Short texts are loaded in two or
// three pieces that may overlap: copies of a size known beforehand are an instruction each.
uint64_t FirstEightBytes(std::string_view text) {
  const char* const at = text.data();
  const size_t bytes = text.size();
  if (bytes >= 8) return __builtin_bswap64(Load<uint64_t>(at));
  if (bytes == 0) return 0;
  const size_t unused = 64 - 8 * bytes;
  if (bytes >= 4) {
    const uint64_t first = __builtin_bswap32(Load<uint32_t>(at));
    const uint64_t last = __builtin_bswap32(Load<uint32_t>(at + bytes - 4));
    return first << 32 | last << unused;
  }
  const auto byte = [&](size_t i) { return uint64_t{static_cast<uint8_t>(at[i])}; };
  return byte(0) << 56 | byte(bytes / 2) << (56 - 8 * (bytes / 2)) | byte(bytes - 1) << unused;
}
static_assert(std::endian::native == std::endian::little, "prefixes compare as big-endian numbers");

}  // namespace

ExtremeKind ExtremeKindOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
      return ExtremeKind::kUnsigned;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return ExtremeKind::kInteger;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return ExtremeKind::kDouble;
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return ExtremeKind::kDecimal;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return ExtremeKind::kText;
    default:
      return ExtremeKind::kNone;
  }
}

template <typename T>
void Extremes::Include(T Value::*member, const T& low, const T& high) {
  if (empty_ || low < min_.*member) min_.*member = low;
  if (empty_ || max_.*member < high) max_.*member = high;
  empty_ = false;
}

template <typename T, typename Get>
void Extremes::Scan(T Value::*member, const arrow::Array& values, Get get) {
  VisitValidRuns(values, [&](int64_t first, int64_t count) {
    T low = get(first), high = low;
    for (int64_t i = first + 1; i < first + count; ++i) {
      const T value = get(i);
      low = value < low ? value : low;
      high = high < value ? value : high;
    }
    Include(member, low, high);
  });
}

void Extremes::UpdateIntegers(const arrow::Array& values) {
  const arrow::ArrayData& data = *values.data();
  switch (values.type_id()) {
    case arrow::Type::BOOL: {
      const auto& bools = static_cast<const arrow::BooleanArray&>(values);
      return Scan(&Value::uint, values,
                  [&](int64_t i) { return bools.Value(i) ? uint64_t{1} : uint64_t{0}; });
    }
#define MILLRACE_SCAN(member, type, as)                                                          \
  {                                                                                              \
    const type* from = data.GetValues<type>(1);                                                  \
    return Scan(&Value::member, values, [from](int64_t i) { return static_cast<as>(from[i]); }); \
  }
    case arrow::Type::UINT8:
      MILLRACE_SCAN(uint, uint8_t, uint64_t)
    case arrow::Type::UINT16:
      MILLRACE_SCAN(uint, uint16_t, uint64_t)
    case arrow::Type::UINT32:
      MILLRACE_SCAN(uint, uint32_t, uint64_t)
    case arrow::Type::UINT64:
      MILLRACE_SCAN(uint, uint64_t, uint64_t)
    case arrow::Type::INT8:
      MILLRACE_SCAN(integer, int8_t, int64_t)
    case arrow::Type::INT16:
      MILLRACE_SCAN(integer, int16_t, int64_t)
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
      MILLRACE_SCAN(integer, int32_t, int64_t)
    default:
      MILLRACE_SCAN(integer, int64_t, int64_t)
#undef MILLRACE_SCAN
  }
}

void Extremes::UpdateReals(const arrow::Array& values) {
  auto scan = [&](const auto* from) {
    VisitValidRuns(values, [&](int64_t first, int64_t count) {
      double low = INFINITY, high = -INFINITY;
      bool any = false;
      for (int64_t i = first; i < first + count; ++i) {
        const double value = static_cast<double>(from[i]) + 0.0;  // -0.0 becomes 0.0
        any |= value == value;
        low = value < low ? value : low;
        high = value > high ? value : high;
      }
      if (any) Include(&Value::real, low, high);
    });
  };
  if (values.type_id() == arrow::Type::FLOAT) return scan(values.data()->GetValues<float>(1));
  scan(values.data()->GetValues<double>(1));
}

void Extremes::UpdateDecimals(const arrow::Array& values) {
  if (values.type_id() == arrow::Type::DECIMAL256) {
    const auto& decimals = static_cast<const arrow::Decimal256Array&>(values);
    return Scan(&Value::decimal, values,
                [&](int64_t i) { return arrow::Decimal256(decimals.GetValue(i)); });
  }
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(values);
  VisitValidRuns(values, [&](int64_t first, int64_t count) {
    arrow::Decimal128 low(decimals.GetValue(first)), high = low;
    for (int64_t i = first + 1; i < first + count; ++i) {
      const arrow::Decimal128 value(decimals.GetValue(i));
      if (value < low) low = value;
      if (high < value) high = value;
    }
    Include(&Value::decimal, arrow::Decimal256(low), arrow::Decimal256(high));
  });
}

void Extremes::IncludeText(std::string_view text) {
  text = text.substr(0, kTextBytes);
  if (empty_ || text < min_.text) min_.text = text;
  if (empty_ || max_.text < text) max_.text = text;
  empty_ = false;
}

template <typename BinaryArray>
void Extremes::UpdateTexts(const arrow::Array& values) {
  const auto& texts = static_cast<const BinaryArray&>(values);
  uint64_t low = 0, high = 0;
  size_t low_bytes = 0, high_bytes = 0;
  bool started = false;
  VisitValidRuns(values, [&](int64_t first, int64_t count) {
    for (int64_t i = first; i < first + count; ++i) {
      const std::string_view text = texts.GetView(i);
      // Nearly every value lies between the extremes by its first eight bytes. One that shares them
      // with an extreme, and is not longer than they are, is ordered by its length. All of this
      // without branches: few-valued columns would miss every second one.
      const uint64_t prefix = FirstEightBytes(text);
      const bool whole = text.size() <= 8;
      const bool above = (prefix > low) | ((prefix == low) & whole & (text.size() >= low_bytes));
      const bool below = (prefix < high) | ((prefix == high) & whole & (text.size() <= high_bytes));
      if (started & above & below) continue;
      IncludeText(text);
      low = FirstEightBytes(min_.text);
      high = FirstEightBytes(max_.text);
      low_bytes = min_.text.size();
      high_bytes = max_.text.size();
      started = true;
    }
  });
}

void Extremes::Update(const arrow::Array& values) {
  if (values.length() == values.null_count()) return;
  switch (kind_) {
    case ExtremeKind::kNone:
      return;
    case ExtremeKind::kInteger:
    case ExtremeKind::kUnsigned:
      return UpdateIntegers(values);
    case ExtremeKind::kDouble:
      return UpdateReals(values);
    case ExtremeKind::kDecimal:
      return UpdateDecimals(values);
    case ExtremeKind::kText:
      if (values.type_id() == arrow::Type::STRING) return UpdateTexts<arrow::StringArray>(values);
      return UpdateTexts<arrow::LargeStringArray>(values);
  }
}

void Extremes::Merge(const Extremes& other) {
  if (other.empty_) return;
  switch (kind_) {
    case ExtremeKind::kNone:
      return;
    case ExtremeKind::kInteger:
      return Include(&Value::integer, other.min_.integer, other.max_.integer);
    case ExtremeKind::kUnsigned:
      return Include(&Value::uint, other.min_.uint, other.max_.uint);
    case ExtremeKind::kDouble:
      return Include(&Value::real, other.min_.real, other.max_.real);
    case ExtremeKind::kDecimal:
      return Include(&Value::decimal, other.min_.decimal, other.max_.decimal);
    case ExtremeKind::kText:
      return Include(&Value::text, other.min_.text, other.max_.text);
  }
}

std::string Extremes::Text(const Value& value, const arrow::DataType& type) const {
  std::string text;
  switch (type.id()) {
    case arrow::Type::BOOL:
      return value.uint != 0 ? "true" : "false";
    case arrow::Type::DATE32:
      io::AppendDate(value.integer, &text);
      return text;
    case arrow::Type::DATE64:
      io::AppendDate(value.integer / 86400000, &text);
      return text;
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      io::AppendTimeOfDay(value.integer, static_cast<const arrow::TimeType&>(type).unit(), &text);
      return text;
    case arrow::Type::TIMESTAMP:
      io::AppendTimestamp(value.integer, static_cast<const arrow::TimestampType&>(type), &text);
      return text;
    case arrow::Type::FLOAT:
      io::AppendFloat(static_cast<float>(value.real), &text);
      return text;
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return value.decimal.ToString(static_cast<const arrow::DecimalType&>(type).scale());
    default:
      break;
  }
  if (kind_ == ExtremeKind::kText) return WholeCharacters(value.text, kTextBytes);
  return Encode(value);
}

std::string Extremes::MinText(const arrow::DataType& type) const {
  return empty_ ? "" : Text(min_, type);
}
std::string Extremes::MaxText(const arrow::DataType& type) const {
  return empty_ ? "" : Text(max_, type);
}
std::string Extremes::EncodeMin() const { return Encode(min_); }
std::string Extremes::EncodeMax() const { return Encode(max_); }

std::string Extremes::Encode(const Value& value) const {
  std::string code;
  switch (kind_) {
    case ExtremeKind::kNone:
      break;
    case ExtremeKind::kInteger:
      io::AppendInteger(value.integer, &code);
      break;
    case ExtremeKind::kUnsigned:
      io::AppendUnsigned(value.uint, &code);
      break;
    case ExtremeKind::kDouble:
      io::AppendDouble(value.real, &code);
      break;
    case ExtremeKind::kDecimal:
      code = value.decimal.ToIntegerString();
      break;
    case ExtremeKind::kText:  // a prefix may end inside a character: not fit for JSON as it is
      for (char c : value.text) {
        static const char kDigits[] = "0123456789abcdef";
        code += kDigits[static_cast<uint8_t>(c) >> 4];
        code += kDigits[static_cast<uint8_t>(c) & 15];
      }
  }
  return code;
}

Status Extremes::DecodeOne(const std::string& code, Value* value) const {
  const char* end = code.data() + code.size();
  auto parse = [&](auto* number) {
    const auto done = std::from_chars(code.data(), end, *number);
    return done.ec == std::errc() && done.ptr == end;
  };
  bool good = true;
  switch (kind_) {
    case ExtremeKind::kNone:
      break;
    case ExtremeKind::kInteger:
      good = parse(&value->integer);
      break;
    case ExtremeKind::kUnsigned:
      good = parse(&value->uint);
      break;
    case ExtremeKind::kDouble:
      good = parse(&value->real);
      break;
    case ExtremeKind::kDecimal:
      return arrow::Decimal256::FromString(code).Value(&value->decimal);
    case ExtremeKind::kText:
      for (size_t i = 0; good && i + 1 < code.size(); i += 2) {
        uint8_t byte = 0;
        const auto done = std::from_chars(&code[i], &code[i] + 2, byte, 16);
        good = done.ptr == &code[i] + 2;
        value->text.push_back(static_cast<char>(byte));
      }
      good = good && code.size() % 2 == 0;
  }
  if (!good) return MakeError(ErrorCode::kWorkspaceDamaged, "a stored profile is malformed");
  return Status::OK();
}

Status Extremes::Decode(const std::string& min, const std::string& max) {
  ARROW_RETURN_NOT_OK(DecodeOne(min, &min_));
  ARROW_RETURN_NOT_OK(DecodeOne(max, &max_));
  empty_ = false;
  return Status::OK();
}

}  // namespace millrace::stage
