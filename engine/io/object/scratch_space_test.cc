#include "io/object/scratch_space.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>

#include "base/testing/temp_folder.h"

namespace millrace::io {
namespace {

namespace fs = std::filesystem;

// The system's temporary folder is this one for as long as the object lives.
class TemporaryPlace {
 public:
  TemporaryPlace() {
    const char* before = std::getenv("TMPDIR");
    had_ = before != nullptr;
    if (had_) before_ = before;
    ::setenv("TMPDIR", folder_.path().c_str(), 1);
  }
  ~TemporaryPlace() {
    if (had_) {
      ::setenv("TMPDIR", before_.c_str(), 1);
    } else {
      ::unsetenv("TMPDIR");
    }
  }
  size_t folders() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }
  const TempFolder& folder() const { return folder_; }

 private:
  TempFolder folder_;
  bool had_ = false;
  std::string before_;
};

}  // namespace

TEST_CASE("a scratch folder goes with its object") {
  TemporaryPlace place;
  {
    auto scratch = ScratchSpace::Temporary();
    REQUIRE(scratch.ok());
    CHECK((*scratch)->store().Replace("a/b", "text").ok());
    CHECK(place.folders() == 1);
  }
  CHECK(place.folders() == 0);
}

TEST_CASE("what a killed process left is removed, what a living one has is not") {
  TemporaryPlace place;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto scratch = ScratchSpace::Temporary();
    const bool made = scratch.ok() && (*scratch)->store().Replace("a/b", "text").ok();
    ::_exit(made ? 0 : 1);  // as by SIGKILL: nothing is cleaned up
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  CHECK(place.folders() == 1);
  place.folder().Write("millrace-scratch-note", "a file of somebody else");
  place.folder().Write("millrace-other/x", "a folder of somebody else");
  auto first = ScratchSpace::Temporary();
  auto second = ScratchSpace::Temporary();
  REQUIRE((first.ok() && second.ok()));
  CHECK(place.folders() == 4);
  CHECK((*first)->store().Replace("still", "there").ok());
}

}  // namespace millrace::io
