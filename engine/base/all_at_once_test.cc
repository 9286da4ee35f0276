#include "base/all_at_once.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

namespace millrace {

TEST_CASE("work runs at the same time, all of it") {
  // Each waits for the other: one after the other they would never end.
  std::promise<void> first, second;
  std::atomic<int> done{0};
  const Status status = AllAtOnce({
      [&] {
        first.set_value();
        second.get_future().wait();
        ++done;
        return Status::OK();
      },
      [&] {
        first.get_future().wait();
        second.set_value();
        ++done;
        return Status::OK();
      },
  });
  CHECK(status.ok());
  CHECK(done == 2);
}

TEST_CASE("the error that comes first in order is told, and what is behind it runs all the same") {
  std::atomic<bool> last_ran{false};
  const Status status = AllAtOnce({
      [] { return Status::OK(); },
      [] { return Status::Invalid("the second"); },
      [] { return Status::Invalid("the third"); },
      [&] {
        last_ran = true;
        return Status::OK();
      },
  });
  CHECK(status.message() == "the second");
  CHECK(last_ran);
}

TEST_CASE("no work is done well") { CHECK(AllAtOnce({}).ok()); }

}  // namespace millrace
