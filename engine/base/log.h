// The structured log: one event per line on stderr, plain text for people or JSON for machines.
// Only cli/ prints anything else. Values of sensitive columns and secrets must not be passed in;
// Redact() masks registered secrets as the last line of defence.
//
// Thread-safety: everything here may be called from any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogOptions {
  LogLevel level = LogLevel::kWarning;
  bool json = false;
};

void ConfigureLog(const LogOptions& options);

using LogField = std::pair<std::string_view, std::string>;
/// `event` is a stable snake_case word, for example "split_committed".
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

/// Remembers a secret so that Redact masks it wherever it turns up. Short values (< 4 bytes) are
/// not remembered: masking them would shred ordinary text.
void RegisterSecret(std::string secret);
/// `text` with every registered secret replaced by "***".
std::string Redact(std::string text);

}  // namespace millrace
