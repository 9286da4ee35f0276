#include "pipeline/hooks/hook_command.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/quantity.h"

namespace millrace::pipeline {
namespace {

// Descriptors of the command: what it prints goes where the errors of this process go.
constexpr int kOutput = 1, kErrors = 2;

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLookAtFirst(2), kLookAtMost(50);
constexpr milliseconds kGrace(1000);  // between asking it to end and ending it

Status Failed(const std::string& how) { return MakeError(ErrorCode::kIoFailed, how); }

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// A file without a name that holds the text. Unlike a pipe it never makes the writer wait, nor
/// sends it a signal when nobody reads.
class InputFile {
 public:
  explicit InputFile(const std::string& text) : fd_(memfd_create("hook", MFD_CLOEXEC)) {
    size_t written = 0;
    while (fd_ >= 0 && written < text.size()) {
      const ssize_t bytes = ::write(fd_, text.data() + written, text.size() - written);
      if (bytes < 0) {
        ::close(fd_);
        fd_ = -1;
      } else {
        written += static_cast<size_t>(bytes);
      }
    }
    if (fd_ >= 0) ::lseek(fd_, 0, SEEK_SET);
  }
  ~InputFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// A child in a process group of its own, so that all it starts can be ended with it.
class Child {
 public:
  Status Start(const HookCommand& command) {
    const InputFile input(command.input);
    if (input.fd() < 0) return Failed(std::string("got no input: ") + std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input.fd(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, kErrors, kOutput);
    posix_spawn_file_actions_addchdir_np(&actions, command.folder.c_str());
    sigset_t none, standard;
    sigemptyset(&none);
    sigemptyset(&standard);
    for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) sigaddset(&standard, number);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &standard);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const auto argv = Pointers(command.argv), environment = Pointers(command.environment);
    const int error =
        ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error == 0) return Status::OK();
    pid_ = -1;
    return Failed(std::string("could not be started: ") + std::strerror(error));
  }

  /// Whether it ended in the time.
  bool Wait(Clock::time_point end, const std::atomic<bool>* cancelled) {
    milliseconds pause = kLookAtFirst;
    for (;;) {
      const pid_t got = ::waitpid(pid_, &state_, WNOHANG);
      if (got == pid_ || (got < 0 && errno != EINTR)) return true;
      if (Clock::now() >= end || (cancelled != nullptr && *cancelled)) return false;
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, kLookAtMost);
    }
  }

  void End() {
    ::kill(-pid_, SIGTERM);
    const bool ended = Wait(Clock::now() + kGrace, nullptr);
    ::kill(-pid_, SIGKILL);  // what it has started, too
    if (!ended) ::waitpid(pid_, &state_, 0);
  }

  Status Result() const {
    if (WIFEXITED(state_) && WEXITSTATUS(state_) == 0) return Status::OK();
    if (WIFEXITED(state_)) {
      return Failed("ended with code " + std::to_string(WEXITSTATUS(state_)));
    }
    return Failed("was ended by signal " + std::to_string(WTERMSIG(state_)));
  }

 private:
  pid_t pid_ = -1;
  int state_ = 0;
};

}  // namespace

Status RunHookCommand(const HookCommand& command) {
  Child child;
  ARROW_RETURN_NOT_OK(child.Start(command));
  const auto limit = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(command.timeout_seconds));
  if (child.Wait(Clock::now() + limit, command.cancelled)) return child.Result();
  child.End();
  if (command.cancelled != nullptr && *command.cancelled) return Status::Cancelled("cancelled");
  return Failed("took longer than " + FormatDuration(command.timeout_seconds));
}

}  // namespace millrace::pipeline
