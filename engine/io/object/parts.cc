#include "io/object/parts.h"

#include <algorithm>
#include <future>
#include <utility>

namespace millrace::io {

Result<std::vector<std::string>> SendParts(int64_t bytes, int64_t part_bytes,
                                           const PieceReader& read, const SendPart& send,
                                           Gate* gate) {
  // Where this returns early, the futures wait for what is under way.
  std::vector<std::future<Result<std::string>>> parts;
  for (int64_t offset = 0; offset < bytes; offset += part_bytes) {
    gate->Enter();
    Result<std::string> piece = read(offset, std::min(part_bytes, bytes - offset));
    if (!piece.ok()) {
      gate->Leave();
      return piece.status();
    }
    const auto number = static_cast<int64_t>(parts.size());
    parts.push_back(
        std::async(std::launch::async, [&send, gate, number, body = *std::move(piece)]() mutable {
          Result<std::string> name = send(number, std::move(body));
          gate->Leave();
          return name;
        }));
  }
  std::vector<std::string> names;
  for (auto& part : parts) {
    ARROW_ASSIGN_OR_RAISE(names.emplace_back(), part.get());
  }
  return names;
}

}  // namespace millrace::io
