// Patterns as parameters: RE2's syntax, matched by Arrow's kernels.
#pragma once

#include <string>

#include "op/request.h"

namespace millrace::op {

/// The pattern written at the parameter `key`; "", reported, when it cannot be used. Single bytes
/// of characters (`\C`) cannot be asked for: what is left of them is no text.
std::string PatternOf(const Request& request, std::string_view key);

}  // namespace millrace::op
