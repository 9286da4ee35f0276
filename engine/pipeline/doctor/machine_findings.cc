#include "pipeline/doctor/machine_findings.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/build_info.h"
#include "base/quantity.h"
#include "contract/cast/text_cast.h"
#include "contract/contract.h"
#include "io/http/curl_library.h"
#include "pipeline/machine_limits.h"

namespace millrace::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kRoomLeast = 64 * kMiB, kRoomGood = 1024 * kMiB;
constexpr int64_t kMemoryLeast = 192 * kMiB;  // less hardly holds one split
constexpr uint64_t kOpenFilesGood = 256;

Finding Made(Health health, const std::string& what, const std::string& message,
             const std::string& remedy = "") {
  return {health, "machine", what, message, remedy};
}

Finding Curl() {
  const auto curl = io::http::LoadCurl();
  if (curl.ok()) {
    return Made(Health::kOk, "libcurl", (*curl)->version_info(CURLVERSION_NOW)->version);
  }
  const Diagnostic d = DiagnosticsOf(curl.status()).front();
  return Made(Health::kWarn, "libcurl", d.message,
              (d.suggestion.empty() ? "install libcurl 7.85 or newer with TLS" : d.suggestion) +
                  "; without it URLs, APIs and Vault cannot be reached, files can");
}

// "MemAvailable" of the kernel; -1 where it does not say.
int64_t AvailableMemory() {
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  for (int64_t kib = 0; file >> key >> kib; std::getline(file, unit)) {
    if (key == "MemAvailable:") return kib * 1024;
  }
  return -1;
}

Finding Memory(int64_t declared) {
  const int64_t limit = declared > 0 ? declared : DefaultMemoryBytes();
  const int64_t whole = MachineMemoryBytes();
  const int64_t available = AvailableMemory();
  std::string message = "a run may use " + FormatByteSize(limit) + " of " + FormatByteSize(whole);
  if (available >= 0) message += ", " + FormatByteSize(available) + " are free";
  if (limit > whole) {
    return Made(Health::kFail, "memory", message,
                "set limits.memory to less than what the machine or its cgroup has");
  }
  if (limit < kMemoryLeast) {
    return Made(Health::kWarn, "memory", message, "a run may need 192MiB; raise limits.memory");
  }
  if (available >= 0 && available < limit) {
    return Made(Health::kWarn, "memory", message,
                "end other programs, or set limits.memory or --memory to less");
  }
  return Made(Health::kOk, "memory", message);
}

Finding OpenFiles() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return Made(Health::kWarn, "open files", "the limit cannot be read");
  }
  const std::string message = limit.rlim_cur == RLIM_INFINITY
                                  ? "no limit"
                                  : "at most " + FormatCount(static_cast<int64_t>(limit.rlim_cur));
  if (limit.rlim_cur >= kOpenFilesGood) return Made(Health::kOk, "open files", message);
  return Made(Health::kWarn, "open files", message, "raise it: ulimit -n 1024");
}

Finding TimeZones() {
  const auto type = contract::ParseType("timestamp[us, Europe/Berlin]", nullptr);
  const bool known = type.ok() && contract::MakeTextCast(*type, {}).ok();
  if (known) return Made(Health::kOk, "time zones", "the database is there");
  return Made(Health::kWarn, "time zones", "the database is not there; only UTC is known",
              "install it, on Debian with `apt-get install tzdata`");
}

}  // namespace

Finding FolderFinding(const std::string& what, const std::string& path, int64_t bytes_wanted) {
  Finding finding{Health::kOk, "place", what, path, ""};
  fs::path there = path;
  std::error_code error;
  while (!fs::exists(there, error) && there.has_parent_path() && there != there.parent_path()) {
    there = there.parent_path();
  }
  const bool made = there != fs::path(path);
  if (!fs::is_directory(there, error)) {
    finding.health = Health::kFail;
    finding.message =
        there.string() + (fs::exists(there, error) ? " is no folder" : " cannot be looked at");
    finding.remedy = "remove or rename it, or give another path";
    return finding;
  }
  if (::faccessat(AT_FDCWD, there.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    finding.health = Health::kFail;
    finding.message = there.string() + " cannot be written to: " + std::strerror(errno);
    finding.remedy = "check its owner and mode, or give another path";
    return finding;
  }
  const fs::space_info space = fs::space(there, error);
  if (error) return finding;
  const auto room = static_cast<int64_t>(
      std::min<uint64_t>(space.available, std::numeric_limits<int64_t>::max()));
  finding.message += (made ? " (to be made), " : ", ") + FormatByteSize(room) + " free";
  if (room < kRoomLeast || room < std::max(bytes_wanted, kRoomGood)) {
    finding.health = room < kRoomLeast ? Health::kFail : Health::kWarn;
    finding.remedy = "free space there, or give a path on another disk";
    if (bytes_wanted > room) finding.remedy += "; the input has " + FormatByteSize(bytes_wanted);
  }
  return finding;
}

std::vector<Finding> MachineFindings(int64_t memory_bytes) {
  std::vector<Finding> findings;
  findings.push_back(Made(Health::kOk, "millrace",
                          std::string(Version()) + ", commit " + std::string(CodeVersion())));
  findings.push_back(Made(Health::kOk, "libraries", EngineVersion()));
  findings.push_back(Curl());
  findings.push_back(
      Made(Health::kOk, "threads", FormatCount(DefaultThreads()) + " that this process may use"));
  findings.push_back(Memory(memory_bytes));
  findings.push_back(OpenFiles());
  findings.push_back(TimeZones());
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  findings.push_back(FolderFinding("temporary folder", error ? "/tmp" : temporary.string(), 0));
  findings.back().area = "machine";
  return findings;
}

}  // namespace millrace::pipeline
