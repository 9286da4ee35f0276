// Work that waits for a disk or a network more than it computes, all of it at the same time:
// several files become durable in about the time of one. For a handful of pieces: each has its own
// thread.
#pragma once

#include <functional>
#include <vector>

#include "base/status.h"

namespace millrace {

/// Runs all of it to its end, whatever fails; the first error in the order given.
Status AllAtOnce(const std::vector<std::function<Status()>>& work);

}  // namespace millrace
