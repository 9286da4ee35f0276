// Finds what looks like personal data in text: e-mail addresses, phone numbers, IP addresses, IBANs
// and payment cards. By shape and check digits alone: it knows no names, no postal addresses and no
// national ids, it finds numbers that are none of a person's, and it misses what is written in
// another way (docs/model_contract.md). A rate to compare releases by, no proof of absence.
//
// Thread-safety: pure functions. Linear in the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::contract {

/// A set of kinds: bit i is PiiNames()[i].
using PiiKinds = uint32_t;
inline constexpr PiiKinds kPiiEmail = 1, kPiiPhone = 2, kPiiIpv4 = 4, kPiiIban = 8, kPiiCard = 16,
                          kPiiIpv6 = 32;
inline constexpr PiiKinds kAllPii = 63;

/// "email", "phone", "ipv4", "iban", "card", "ipv6".
const std::vector<std::string>& PiiNames();

/// The kinds out of `wanted` that the text holds.
PiiKinds FindPii(std::string_view text, PiiKinds wanted = kAllPii);

/// A place that looks like personal data.
struct PiiSpan {
  size_t begin = 0, end = 0;  // bytes
  PiiKinds kind = 0;          // one of them
  bool is_public = true;      // of an IP address: not of a private, local or documentation range
};

/// The places of the kinds out of `wanted`: ascending, none within another, each as long as it can
/// be.
void FindPiiSpans(std::string_view text, PiiKinds wanted, std::vector<PiiSpan>* spans);

}  // namespace millrace::contract
