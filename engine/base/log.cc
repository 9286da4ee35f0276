#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

namespace millrace {
namespace {

struct LogState {
  std::mutex mutex;
  bool json = false;
  std::vector<std::string> secrets;
  std::shared_ptr<spdlog::logger> logger;

  LogState() {
    logger = std::make_shared<spdlog::logger>("millrace",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(spdlog::level::warn);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  }
};

LogState& State() {
  static LogState* state = new LogState();  // never destroyed: worker threads may log at exit
  return *state;
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void ConfigureLog(const LogOptions& options) {
  LogState& state = State();
  std::lock_guard<std::mutex> lock(state.mutex);
  state.json = options.json;
  state.logger->set_level(SpdlogLevel(options.level));
  state.logger->set_pattern(options.json
                                ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}"
                                : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                            spdlog::pattern_time_type::utc);
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  LogState& state = State();
  const spdlog::level::level_enum spdlog_level = SpdlogLevel(level);
  if (!state.logger->should_log(spdlog_level)) return;
  bool json = false;
  {
    std::lock_guard<std::mutex> lock(state.mutex);
    json = state.json;
  }
  std::string line;
  if (json) {
    line = "\"event\":" + nlohmann::json(std::string(event)).dump();
    for (const LogField& field : fields) {
      // Masked before quotes and backslashes of a secret are escaped, too.
      line += ',' + nlohmann::json(std::string(field.first)).dump() + ':' +
              nlohmann::json(Redact(field.second))
                  .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
  } else {
    line = std::string(event);
    for (const LogField& field : fields) {
      line += ' ' + std::string(field.first) + '=' + field.second;
    }
  }
  state.logger->log(spdlog_level, "{}", Redact(std::move(line)));
}

void RegisterSecret(std::string secret) {
  constexpr size_t kSecretBytesMin = 4;
  if (secret.size() < kSecretBytesMin) return;
  LogState& state = State();
  std::lock_guard<std::mutex> lock(state.mutex);
  std::vector<std::string>& secrets = state.secrets;
  if (std::find(secrets.begin(), secrets.end(), secret) != secrets.end()) return;
  // The longest first: one that is a part of another must not leave the rest of it to be read.
  const auto place = std::find_if(secrets.begin(), secrets.end(), [&](const std::string& other) {
    return other.size() < secret.size();
  });
  secrets.insert(place, std::move(secret));
}

std::string Redact(std::string text) {
  LogState& state = State();
  std::lock_guard<std::mutex> lock(state.mutex);
  for (const std::string& secret : state.secrets) {
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

}  // namespace millrace
