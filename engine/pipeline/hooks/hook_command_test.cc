#include "pipeline/hooks/hook_command.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace millrace::pipeline {
namespace {

class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "hookXXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  std::string Read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path_ + '/' + name).rdbuf();
    return text.str();
  }

 private:
  std::string path_;
};

HookCommand Shell(const Folder& folder, const std::string& script) {
  HookCommand command;
  command.argv = {"sh", "-c", script};
  command.environment = {std::string("PATH=") + std::getenv("PATH"), "GIVEN=a b"};
  command.folder = folder.path();
  command.input = "the input\n";
  return command;
}

TEST_CASE("a hook's command gets its input, its folder and its environment") {
  Folder folder;
  REQUIRE(RunHookCommand(Shell(folder, "cat > in; env > env; echo not on stdout")).ok());
  CHECK(folder.Read("in") == "the input\n");
  const std::string environment = folder.Read("env");
  CHECK(environment.find("GIVEN=a b\n") != std::string::npos);
  CHECK(environment.find("HOME=") == std::string::npos);
}

TEST_CASE("a hook that reads nothing of a long input is no failure") {
  Folder folder;
  HookCommand command = Shell(folder, "exit 0");
  command.input.assign(1 << 20, 'x');
  CHECK(RunHookCommand(command).ok());
}

TEST_CASE("how a hook's command failed is told") {
  Folder folder;
  CHECK(RunHookCommand(Shell(folder, "exit 7")).message().find("ended with code 7") !=
        std::string::npos);
  CHECK(RunHookCommand(Shell(folder, "kill -9 $$")).message().find("signal 9") !=
        std::string::npos);
  HookCommand missing = Shell(folder, "");
  missing.argv = {"./not-there"};
  CHECK(RunHookCommand(missing).message().find("could not be started") != std::string::npos);
}

// Half a second is a long time for `echo`, and a short one for a test.
TEST_CASE("a hook's time is limited, and what it has started ends with it") {
  Folder folder;
  HookCommand command = Shell(folder, "(sleep 3; echo late > late) & sleep 60");
  command.timeout_seconds = 0.5;
  const auto begun = std::chrono::steady_clock::now();
  const Status status = RunHookCommand(command);
  CHECK(status.message().find("took longer than") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
  std::this_thread::sleep_for(std::chrono::seconds(4));
  CHECK(folder.Read("late").empty());
}

TEST_CASE("a cancelled run ends its hook") {
  Folder folder;
  std::atomic<bool> cancelled{false};
  HookCommand command = Shell(folder, "trap '' TERM; sleep 60");  // and will not go by itself
  command.cancelled = &cancelled;
  std::thread stop([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cancelled = true;
  });
  const auto begun = std::chrono::steady_clock::now();
  CHECK(RunHookCommand(command).IsCancelled());
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
  stop.join();
}

}  // namespace
}  // namespace millrace::pipeline
