#include "io/object/scratch_space.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "io/object/object_store.h"
#include "io/object/spool.h"

namespace millrace::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScratchPrefix = "millrace-scratch-";
constexpr int kTries = 16;

enum class Lock { kTaken, kHeldElsewhere, kUnknown };

Lock TryLock(int folder) {
  if (::flock(folder, LOCK_EX | LOCK_NB) == 0) return Lock::kTaken;
  return errno == EWOULDBLOCK ? Lock::kHeldElsewhere : Lock::kUnknown;
}

int OpenFolder(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Process ids would say less: one in another container is not seen here, and lives. What cannot be
// locked or removed stays.
void RemoveLeftovers(const std::string& place) {
  std::error_code error;
  for (fs::directory_iterator it(place, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().rfind(kScratchPrefix, 0) != 0) continue;
    const int folder = OpenFolder(it->path().string());
    if (folder < 0) continue;
    if (TryLock(folder) == Lock::kTaken) {
      std::error_code ignored;
      fs::remove_all(it->path(), ignored);
    }
    ::close(folder);
  }
}

}  // namespace

Result<std::unique_ptr<ScratchSpace>> ScratchSpace::For(const Store& workspace) {
  if (!workspace.LocalPath("x").empty()) return std::unique_ptr<ScratchSpace>();
  return Make(ScratchFolder(ScratchSettingOf(workspace)));
}

Result<std::unique_ptr<ScratchSpace>> ScratchSpace::Temporary() { return Make(ScratchFolder("")); }

Result<std::unique_ptr<ScratchSpace>> ScratchSpace::Make(const std::string& place) {
  std::error_code ignored;
  fs::create_directories(place, ignored);
  RemoveLeftovers(place);
  for (int left = kTries;; --left) {
    std::string path = place + '/' + std::string(kScratchPrefix) + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return ErrnoError(errno, "a scratch folder in `" + place + "` cannot be made");
    }
    const int folder = OpenFolder(path);
    // Until it is locked, another process may take it for a leftover.
    struct stat now = {};
    const bool ours = folder >= 0 && TryLock(folder) != Lock::kHeldElsewhere &&
                      ::fstat(folder, &now) == 0 && now.st_nlink > 0;
    if (ours) return std::unique_ptr<ScratchSpace>(new ScratchSpace(std::move(path), folder));
    if (folder >= 0) ::close(folder);
    if (left == 1) return ErrnoError(EBUSY, "a scratch folder in `" + place + "` cannot be kept");
  }
}

ScratchSpace::ScratchSpace(std::string folder, int lock)
    : folder_(std::move(folder)),
      lock_(lock),
      store_(MakeLocalStore(folder_, /*private_mode=*/true)) {}

ScratchSpace::~ScratchSpace() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  ::close(lock_);
}

}  // namespace millrace::io
