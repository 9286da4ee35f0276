// A large object, sent in parts of which a few are under way at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/object/gate.h"
#include "io/object/object_client.h"

namespace millrace::io {

/// Sends part `number` (from 0) and gives what the closing request must name it by.
using SendPart = std::function<Result<std::string>(int64_t number, std::string body)>;

/// The names of all parts, in order. `gate` holds for all uploads of a client together.
Result<std::vector<std::string>> SendParts(int64_t bytes, int64_t part_bytes,
                                           const PieceReader& read, const SendPart& send,
                                           Gate* gate);

}  // namespace millrace::io
