#include "stage/workspace_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace millrace::stage {
namespace {

constexpr char kLockKey[] = "lock";
constexpr std::chrono::milliseconds kPollInterval{50};

}  // namespace

WorkspaceLock::~WorkspaceLock() {
  if (fd_ >= 0) ::close(fd_);
}
WorkspaceLock::WorkspaceLock(WorkspaceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
WorkspaceLock& WorkspaceLock::operator=(WorkspaceLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Result<WorkspaceLock> LockWorkspace(io::Store& workspace, bool wait,
                                    const std::atomic<bool>* cancelled) {
  const std::string path = workspace.LocalPath(kLockKey);
  if (path.empty()) return WorkspaceLock();
  // The file stays for good: removing it while another waits would split the lock in two.
  ARROW_ASSIGN_OR_RAISE(const bool exists, workspace.Exists(kLockKey));
  if (!exists) ARROW_RETURN_NOT_OK(workspace.PutIfAbsent(kLockKey, "").status());
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return ErrnoError(errno, "cannot open " + path);
  WorkspaceLock lock(fd);
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return ErrnoError(errno, "cannot lock " + path);
    if (!wait) {
      return MakeError(ErrorCode::kWorkspaceBusy,
                       "another run is active in " + workspace.Describe(),
                       "wait for it to end, or run with --wait (in Python `wait=True`)");
    }
    if (cancelled != nullptr && *cancelled)
      return Status::Cancelled("cancelled while waiting for the workspace");
    std::this_thread::sleep_for(kPollInterval);
  }
  return lock;
}

}  // namespace millrace::stage
