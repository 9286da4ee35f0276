// Runs pieces of work several at a time, and says which error counts: of several the one of the
// first piece in order, whichever was noticed first.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "base/status.h"

namespace millrace::stage {

/// What runs piece `index`. `stop`: an earlier piece has failed, this one need not go on
/// (Cancelled).
using OrderedWork = std::function<Status(size_t index, const std::atomic<bool>& stop)>;

/// `failed`: where the error comes from; `count` when there is none. At most `at_once` run at a
/// time. After a failure no later piece is begun and running ones behind it are stopped; those
/// before it go on, for one of them may hold the error that comes first.
Status RunInOrder(size_t count, int at_once, const OrderedWork& work, size_t* failed);

}  // namespace millrace::stage
