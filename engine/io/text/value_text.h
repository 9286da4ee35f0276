// The one text of typed values, for JSON Lines, profiles and messages: exact, locale-free, readable
// back to the same value.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <string>

namespace millrace::io {

void AppendInteger(int64_t value, std::string* out);
void AppendUnsigned(uint64_t value, std::string* out);
/// The shortest text that reads back to the same value: "0.1", "1e+300", "-0", "nan", "inf",
/// "-inf".
void AppendDouble(double value, std::string* out);
void AppendFloat(float value, std::string* out);
/// "2026-11-21"; years beyond 0000..9999 have a sign, as ISO 8601 wants it.
void AppendDate(int64_t days_since_epoch, std::string* out);
/// "13:05:07.123456": as many digits of a second as the unit has.
void AppendTimeOfDay(int64_t value, arrow::TimeUnit::type unit, std::string* out);
/// "2026-11-21T13:05:07.123456", with "Z" for timestamps of a zone (they are stored in UTC).
void AppendTimestamp(int64_t value, const arrow::TimestampType& type, std::string* out);

}  // namespace millrace::io
