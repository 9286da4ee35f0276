#include "io/store_key.h"

#include <algorithm>
#include <string>

namespace millrace::io {
namespace {

Status BadKey(std::string_view key, const char* why) {
  return MakeError(ErrorCode::kIoFailed,
                   "`" + std::string(key.substr(0, 200)) + "` is no valid key: " + why);
}

}  // namespace

Status ValidateStoreKey(std::string_view key, const StoreKeyLimits& limits) {
  if (key.empty()) return BadKey(key, "it is empty");
  if (key.size() > limits.bytes_max) return BadKey(key, "it is too long");
  if (key.find('\0') != std::string_view::npos) return BadKey(key, "it holds a NUL");
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view part = key.substr(begin, end - begin);
    if (part.empty()) return BadKey(key, "a part of it is empty");
    if (part == "." || part == "..") return BadKey(key, "it leaves its folder");
    if (part.size() > limits.part_bytes_max) return BadKey(key, "a part of it is too long");
    begin = end + 1;
  }
  return Status::OK();
}

}  // namespace millrace::io
