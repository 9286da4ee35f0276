// What every store asks of a key, so that a workspace can move from one to another.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

#include "base/status.h"

namespace millrace::io {

struct StoreKeyLimits {
  size_t bytes_max = 0;
  size_t part_bytes_max = std::numeric_limits<size_t>::max();  // between two '/'
};

/// IoFailed for a key that is empty, absolute, too long, has ".", ".." or empty parts, or a NUL.
Status ValidateStoreKey(std::string_view key, const StoreKeyLimits& limits);

}  // namespace millrace::io
