// Which addresses belong to the public internet: what a name resolves to decides, not the name.
#pragma once

#include <string>

struct sockaddr;

namespace millrace::io::http {

/// True for loopback, private, link-local, shared, multicast, reserved and unspecified addresses,
/// also where an IPv6 address carries such an IPv4 one, and for families that are not IP.
bool IsPrivateAddress(const sockaddr& address);
/// "127.0.0.1", "::1"; "?" for families that are not IP.
std::string FormatAddress(const sockaddr& address);

}  // namespace millrace::io::http
