#include "io/object/scratch_space.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "io/object/object_store.h"
#include "io/object/spool.h"

namespace millrace::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScratchPrefix = "millrace-scratch-";

// "millrace-scratch-<process>-<number>" of processes that are gone. Another machine's process may
// have its scratch on the same shared folder: only what is clearly dead here goes, and what cannot
// be removed stays.
void RemoveLeftovers(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.rfind(kScratchPrefix, 0) != 0) continue;
    const long writer = std::strtol(name.c_str() + kScratchPrefix.size(), nullptr, 10);
    if (writer <= 0 || ::kill(static_cast<pid_t>(writer), 0) == 0 || errno != ESRCH) continue;
    std::error_code ignored;
    fs::remove_all(it->path(), ignored);
  }
}

}  // namespace

std::unique_ptr<ScratchSpace> ScratchSpace::For(const Store& workspace) {
  static std::atomic<int> counter{0};
  if (!workspace.LocalPath("x").empty()) return nullptr;
  const std::string folder = ScratchFolder(ScratchSettingOf(workspace));
  RemoveLeftovers(folder);
  return std::unique_ptr<ScratchSpace>(new ScratchSpace(folder + '/' + std::string(kScratchPrefix) +
                                                        std::to_string(::getpid()) + '-' +
                                                        std::to_string(counter.fetch_add(1))));
}

ScratchSpace::ScratchSpace(std::string folder)
    : folder_(std::move(folder)), store_(MakeLocalStore(folder_, /*private_mode=*/true)) {}

ScratchSpace::~ScratchSpace() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace millrace::io
