// Keyed hashes: without the key nobody can try out what a text was.
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// HMAC with SHA-256 (RFC 2104) in 64 lower-case hex digits.
std::string HmacSha256Hex(std::string_view key, std::string_view text);

}  // namespace millrace
