#include "io/http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace millrace::io::http {
namespace {

struct Block4 {
  uint32_t network;
  int bits;
};

// IANA's special-purpose registry, where an address is not global; and multicast.
constexpr std::array<Block4, 14> kBlocks4 = {{
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared by carriers
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local, where clouds keep their metadata
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // protocol assignments
    {0xC0000200, 24},  // documentation
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarks
    {0xC6336400, 24},  // documentation
    {0xCB007100, 24},  // documentation
    {0xE0000000, 4},   // multicast
    {0xF0000000, 4},   // reserved, broadcast
}};

bool IsPrivate4(uint32_t address) {
  for (const Block4& block : kBlocks4) {
    if ((address >> (32 - block.bits)) == (block.network >> (32 - block.bits))) return true;
  }
  return false;
}

uint32_t Word(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

bool IsPrivate6(const uint8_t* a) {
  constexpr uint8_t kZero[16] = {};
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  constexpr uint8_t kNat64[12] = {0, 0x64, 0xFF, 0x9B};
  if (std::memcmp(a, kMapped, 12) == 0) return IsPrivate4(Word(a + 12));
  if (std::memcmp(a, kNat64, 12) == 0) return IsPrivate4(Word(a + 12));
  if (std::memcmp(a, kZero, 12) == 0) return true;                   // ::, ::1, IPv4-compatible
  if (a[0] == 0x20 && a[1] == 0x02) return IsPrivate4(Word(a + 2));  // 6to4
  if (Word(a) == 0x20010DB8 || Word(a) == 0x20010000) return true;   // documentation, Teredo
  return (a[0] & 0xE0) != 0x20;  // outside 2000::/3 nothing is global
}

}  // namespace

bool IsPrivateAddress(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof in);
    return IsPrivate4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, &address, sizeof in);
    return IsPrivate6(in.sin6_addr.s6_addr);
  }
  return true;
}

std::string FormatAddress(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
  }
  return text;
}

}  // namespace millrace::io::http
