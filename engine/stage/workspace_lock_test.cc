#include "stage/workspace_lock.h"

#include <doctest/doctest.h>

#include <thread>

#include "base/testing/temp_folder.h"

namespace millrace::stage {

TEST_CASE("a second driver is refused, or waits until the first has gone") {
  TempFolder folder;
  auto store = io::MakeLocalStore(folder.path() + "/w");
  auto first = LockWorkspace(*store, false, nullptr);
  REQUIRE(first.ok());
  const Status busy = LockWorkspace(*store, false, nullptr).status();
  CHECK(CodeOf(busy) == ErrorCode::kWorkspaceBusy);
  CHECK(ExitCodeOf(busy) == 75);

  std::atomic<bool> cancelled{true};
  CHECK(ExitCodeOf(LockWorkspace(*store, true, &cancelled).status()) == 130);

  std::atomic<bool> released{false};
  std::thread waiter([&] {
    const auto second = LockWorkspace(*store, true, nullptr);
    CHECK(second.ok());
    CHECK(released);
  });
  {
    WorkspaceLock held = std::move(first).ValueOrDie();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    released = true;
  }
  waiter.join();
  CHECK(LockWorkspace(*store, false, nullptr).ok());
}

}  // namespace millrace::stage
