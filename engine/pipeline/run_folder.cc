#include "pipeline/run_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/build_info.h"
#include "base/log.h"

namespace millrace::pipeline {
namespace {

constexpr std::chrono::seconds kPutInterval{3};

// The n of "runs/<plan_id>.<n>/...", 0 when the key is none of this plan's.
int RunNumber(const std::string& key, const std::string& prefix) {
  if (key.rfind(prefix, 0) != 0) return 0;
  int number = 0;
  const char* begin = key.data() + prefix.size();
  const auto [end, error] = std::from_chars(begin, key.data() + key.size(), number);
  return error == std::errc() && end != key.data() + key.size() && *end == '/' ? number : 0;
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

std::string UtcTime(int64_t nanoseconds) {
  constexpr int64_t kPerSecond = 1'000'000'000;
  const std::time_t seconds = nanoseconds / kPerSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char date[32], text[48];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text, sizeof text, "%s.%03dZ", date,
                static_cast<int>(nanoseconds % kPerSecond / 1'000'000));
  return text;
}

std::string UtcNow() {
  std::timespec now{};
  std::timespec_get(&now, TIME_UTC);
  return UtcTime(int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
}

Result<std::string> OpenRunFolder(io::Store& workspace, const std::string& plan_id) {
  const std::string prefix = "runs/" + plan_id + ".";
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List("runs"));
  int last = 0;
  for (const io::FileInfo& file : files) last = std::max(last, RunNumber(file.key, prefix));
  // An object store's listing may lag: what it does not show yet is asked for by name.
  for (int number = std::max(last, 1);; ++number) {
    const std::string folder = prefix + std::to_string(number);
    ARROW_ASSIGN_OR_RAISE(const bool complete, workspace.Exists(folder + "/report.json"));
    if (!complete) return folder;
  }
}

Result<std::unique_ptr<AttemptLog>> AttemptLog::Open(io::Store& workspace,
                                                     const std::string& run_folder) {
  for (int attempt = 1;; ++attempt) {
    const std::string key = run_folder + "/attempts/" + std::to_string(attempt) + ".jsonl";
    ARROW_ASSIGN_OR_RAISE(const io::PutResult put, workspace.PutIfAbsent(key, ""));
    if (put == io::PutResult::kExists) continue;
    const std::string path = workspace.LocalPath(key);
    std::FILE* file = path.empty() ? nullptr : std::fopen(path.c_str(), "a");
    if (file == nullptr && !path.empty()) return ErrnoError(errno, "opening " + path);
    std::unique_ptr<AttemptLog> log(new AttemptLog(workspace, key, file));
    log->Event("attempt_started", {{"attempt", std::to_string(attempt)},
                                   {"code_version", std::string(CodeVersion())},
                                   {"engine_version", EngineVersion()},
                                   {"host", HostName()},
                                   {"pid", std::to_string(getpid())}});
    return log;
  }
}

AttemptLog::~AttemptLog() {
  if (file_ != nullptr) {
    std::fclose(file_);
  } else {
    PutWhole();
  }
}

// The log informs, it decides nothing: that it could not be put is no reason to fail.
void AttemptLog::PutWhole() {
  put_ = std::chrono::steady_clock::now();
  const Status put = store_.Replace(key_, text_);
  if (!put.ok()) Log(LogLevel::kDebug, "attempt_log_not_put", {{"message", put.message()}});
}

void AttemptLog::Event(const std::string& event, const Fields& fields) {
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  nlohmann::ordered_json line = {
      {"time", UtcNow()}, {"seconds", std::round(seconds * 1000) / 1000}, {"event", event}};
  for (const auto& [name, value] : fields) line[name] = Redact(value);
  const std::string text =
      line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::lock_guard<std::mutex> lock(mutex_);
  if (file_ == nullptr) {
    text_ += text;
    if (std::chrono::steady_clock::now() - put_ >= kPutInterval) PutWhole();
    return;
  }
  // The log informs, it decides nothing: a full disk here is told by whatever needs the disk.
  std::fwrite(text.data(), 1, text.size(), file_);
  std::fflush(file_);
}

}  // namespace millrace::pipeline
