#include "contract/model/pii.h"

#include <algorithm>
#include <array>

namespace millrace::contract {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLetter(char c) { return IsUpper(c) || (c >= 'a' && c <= 'z'); }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
// Bytes of letters outside ASCII count as part of a word.
bool IsWord(char c) { return IsDigit(c) || IsLetter(c) || static_cast<unsigned char>(c) >= 0x80; }

bool IsLocalPart(char c) {
  return IsDigit(c) || IsLetter(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

bool EndsThere(std::string_view text, size_t end) {
  return end == text.size() || !IsWord(text[end]);
}

constexpr size_t kLocalPartMax = 64, kDomainMax = 253;

// name@host.tld around the `@`; the host's last label is of two letters or more. Nothing before
// `floor` is part of it. `end` 0: none.
PiiSpan EmailAround(std::string_view text, size_t at, size_t floor) {
  size_t begin = at;
  while (begin > floor && at - begin < kLocalPartMax && IsLocalPart(text[begin - 1])) --begin;
  if (begin == at || text[at - 1] == '.') return {};
  size_t end = at + 1, label = end, dots = 0;
  while (end < text.size() && end - at <= kDomainMax) {
    const char c = text[end];
    if (c == '.') {
      // A full stop at the end of a sentence is no part of it.
      if (end == label || end + 1 == text.size() ||
          !(IsLetter(text[end + 1]) || IsDigit(text[end + 1]))) {
        break;
      }
      ++dots;
      label = end + 1;
    } else if (!IsLetter(c) && !IsDigit(c) && c != '-') {
      break;
    }
    ++end;
  }
  const std::string_view last = text.substr(label, end - label);
  if (dots == 0 || last.size() < 2 || !std::all_of(last.begin(), last.end(), IsLetter)) return {};
  return {begin, end, kPiiEmail};
}

// The functions below say where what begins at `at` ends; 0: it is no such thing.

// +CC and 8 to 15 digits in all.
size_t InternationalPhoneEnd(std::string_view text, size_t plus) {
  if (plus > 0 && (IsWord(text[plus - 1]) || text[plus - 1] == '+')) return 0;
  if (plus + 1 == text.size() || !IsDigit(text[plus + 1]) || text[plus + 1] == '0') return 0;
  size_t digits = 0;
  size_t end = plus + 1;
  bool separated = false;
  for (size_t i = plus + 1; i < text.size() && digits <= 15; ++i) {
    const char c = text[i];
    if (IsDigit(c)) {
      ++digits;
      end = i + 1;
      separated = false;
    } else if (c == '(' || c == ')') {
      continue;
    } else if ((c == ' ' || c == '-' || c == '.' || c == '/') && !separated) {
      separated = true;
    } else {
      break;
    }
  }
  return digits >= 8 && digits <= 15 && EndsThere(text, end) ? end : 0;
}

// ddd-ddd-dddd, ddd.ddd.dddd, (ddd) ddd-dddd: North American, where the first digits are 2 to 9.
size_t NationalPhoneEnd(std::string_view text, size_t at) {
  const bool bracket = text[at] == '(';
  size_t i = at + (bracket ? 1 : 0);
  const auto group = [&](size_t digits) {
    for (size_t k = 0; k < digits; ++k, ++i) {
      if (i >= text.size() || !IsDigit(text[i])) return false;
    }
    return true;
  };
  const auto is_area = [&](size_t from) {
    return from < text.size() && text[from] >= '2' && text[from] <= '9';
  };
  if (!is_area(i) || !group(3)) return 0;
  char separator = 0;
  if (bracket) {
    if (i >= text.size() || text[i++] != ')') return 0;
    if (i < text.size() && text[i] == ' ') ++i;
    separator = '-';
  } else {
    if (i >= text.size() || (text[i] != '-' && text[i] != '.')) return 0;
    separator = text[i++];
  }
  if (!is_area(i) || !group(3)) return 0;
  if (i >= text.size() || text[i++] != separator) return 0;
  if (!group(4)) return 0;
  const bool goes_on = i < text.size() && (IsWord(text[i]) || text[i] == separator);
  return goes_on ? 0 : i;
}

using Ipv4 = std::array<int, 4>;

// Four numbers up to 255; neither part of a longer row of them nor of a word, as a version is.
size_t Ipv4End(std::string_view text, size_t at, Ipv4* parts) {
  size_t i = at;
  for (size_t part = 0; part < 4; ++part) {
    if (part > 0 && (i >= text.size() || text[i++] != '.')) return 0;
    int value = 0;
    size_t digits = 0;
    while (i < text.size() && IsDigit(text[i]) && digits < 4) {
      value = value * 10 + (text[i++] - '0');
      ++digits;
    }
    const bool leading_zero = digits > 1 && text[i - digits] == '0';
    if (digits == 0 || digits > 3 || value > 255 || leading_zero) return 0;
    (*parts)[part] = value;
  }
  if (!EndsThere(text, i)) return 0;
  const bool goes_on =
      i < text.size() && text[i] == '.' && i + 1 < text.size() && IsWord(text[i + 1]);
  return goes_on ? 0 : i;
}

// By IANA's registry of special-purpose addresses; multicast is nobody's either.
bool IsPublic(const Ipv4& ip) {
  const auto [a, b, c, d] = ip;
  if (a == 0 || a == 10 || a == 127 || a >= 224) return false;
  if (a == 100) return b < 64 || b > 127;
  if (a == 169) return b != 254;
  if (a == 172) return b < 16 || b > 31;
  if (a == 192) return b != 168 && !(b == 0 && (c == 0 || c == 2));
  if (a == 198) return b != 18 && b != 19 && !(b == 51 && c == 100);
  if (a == 203) return !(b == 0 && c == 113);
  return true;
}

// A global unicast address (2000::/3) in one of the forms of RFC 4291. Others are not looked for:
// they lead to nobody, and `::` stands in much that is no address.
size_t Ipv6End(std::string_view text, size_t at) {
  if (text[at] != '2' && text[at] != '3') return 0;
  int groups = 0;
  bool gap = false;
  size_t end = 0;
  for (size_t i = at; groups < 8;) {
    size_t digits = 0;
    while (digits < 5 && i + digits < text.size() && IsHexDigit(text[i + digits])) ++digits;
    if (digits > 4 || (groups == 0 && digits != 4)) return 0;
    if (digits == 0) break;  // behind a gap
    if (groups > 0 && groups <= 6 && i + digits < text.size() && text[i + digits] == '.') {
      Ipv4 last;
      const size_t ipv4_end = Ipv4End(text, i, &last);
      if (ipv4_end > 0) {
        groups += 2;
        end = ipv4_end;
        break;
      }
    }
    ++groups;
    end = i += digits;
    if (i + 1 >= text.size() || text[i] != ':') break;
    if (text[i + 1] == ':') {
      if (gap) return 0;
      gap = true;
      end = i += 2;
    } else if (IsHexDigit(text[i + 1])) {
      ++i;
    } else {
      break;
    }
  }
  if (gap ? groups > 7 : groups != 8) return 0;
  if (!EndsThere(text, end)) return 0;
  const bool goes_on =
      end + 1 < text.size() && text[end] == ':' && (IsWord(text[end + 1]) || text[end + 1] == ':');
  return goes_on ? 0 : end;
}

// Two letters, two check digits, 11 to 30 more; single blanks between. ISO 7064, modulo 97.
size_t IbanEnd(std::string_view text, size_t at) {
  if (at + 15 > text.size() || !IsUpper(text[at + 1]) || !IsDigit(text[at + 2])) return 0;
  std::array<char, 34> code;
  std::array<size_t, 35> ends{};  // after how much text the code has so many characters
  size_t length = 0;
  bool blank = true;
  for (size_t i = at; i < text.size() && length < code.size(); ++i) {
    if (IsUpper(text[i]) || IsDigit(text[i])) {
      code[length++] = text[i];
      ends[length] = i + 1;
      blank = false;
    } else if (text[i] == ' ' && !blank) {
      blank = true;
    } else {
      break;
    }
  }
  if (length < 15 || !IsUpper(code[1]) || !IsDigit(code[2]) || !IsDigit(code[3])) return 0;
  // Words in capitals may follow the last group: every length at which a word ends is tried.
  for (; length >= 15; --length) {
    if (!EndsThere(text, ends[length])) continue;
    int rest = 0;
    for (size_t k = 0; k < length; ++k) {
      const char c = code[(k + 4) % length];
      rest = IsDigit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
    }
    if (rest == 1) return ends[length];
  }
  return 0;
}

// Luhn's.
bool HasCheckDigit(const char* digits, size_t count) {
  int sum = 0;
  for (size_t i = 0; i < count; ++i) {
    int digit = digits[count - 1 - i] - '0';
    if (i % 2 == 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

// 13 to 19 digits that begin like a payment card's, with the right check digit; single blanks or
// dashes between.
size_t CardEnd(std::string_view text, size_t at) {
  if (text[at] < '2' || text[at] > '6') return 0;
  std::array<char, 20> digits;
  std::array<size_t, 21> ends{};
  size_t count = 0;
  bool separated = true;
  for (size_t i = at; i < text.size() && count < digits.size(); ++i) {
    if (IsDigit(text[i])) {
      digits[count++] = text[i];
      ends[count] = i + 1;
      separated = false;
    } else if ((text[i] == ' ' || text[i] == '-') && !separated) {
      separated = true;
    } else {
      break;
    }
  }
  // Other numbers may follow, as the date it ends: every length at which a group ends is tried.
  for (count = std::min<size_t>(count, 19); count >= 13; --count) {
    if (!EndsThere(text, ends[count])) continue;
    const std::string_view tried(digits.data(), count);
    if (tried.find_first_not_of(digits[0]) == std::string_view::npos) continue;
    if (HasCheckDigit(digits.data(), count)) return ends[count];
  }
  return 0;
}

enum class Start : uint8_t { kNone, kAt, kPlus, kBracket, kDigit, kUpper };

constexpr std::array<Start, 256> MakeStarts() {
  std::array<Start, 256> starts{};
  for (size_t c = 0; c < 128; ++c) {
    if (IsDigit(static_cast<char>(c))) starts[c] = Start::kDigit;
    if (IsUpper(static_cast<char>(c))) starts[c] = Start::kUpper;
  }
  starts['@'] = Start::kAt;
  starts['+'] = Start::kPlus;
  starts['('] = Start::kBracket;
  return starts;
}
constexpr std::array<Start, 256> kStarts = MakeStarts();

/// What is found at one place after the other. The first kind that fits a place is given: those
/// with check digits before those by shape alone.
class Scan {
 public:
  /// `wanted` may lose kinds on the way.
  Scan(std::string_view text, const PiiKinds& wanted) : text_(text), wanted_(wanted) {}

  /// The next find from `from` on, which reaches back to `floor` at most; `end` 0: no more.
  PiiSpan Next(size_t from, size_t floor) const {
    for (size_t at = from; at < text_.size(); ++at) {
      const Start start = kStarts[static_cast<unsigned char>(text_[at])];
      if (start == Start::kNone) continue;
      const PiiSpan found = start == Start::kAt
                                ? Wanted(kPiiEmail) ? EmailAround(text_, at, floor) : PiiSpan{}
                                : Beginning(start, at);
      if (found.end > 0) return found;
    }
    return {};
  }

 private:
  bool Wanted(PiiKinds kind) const { return (wanted_ & kind) != 0; }

  PiiSpan Beginning(Start start, size_t at) const {
    PiiSpan none;
    if (start == Start::kPlus) return As(kPiiPhone, at, InternationalPhoneEnd);
    if (at > 0 && IsWord(text_[at - 1])) return none;
    if (start == Start::kUpper) return As(kPiiIban, at, IbanEnd);
    if (start == Start::kBracket) return As(kPiiPhone, at, NationalPhoneEnd);
    const char before = at == 0 ? ' ' : text_[at - 1];
    // Not in the middle of digits in groups.
    const bool grouped = (before == '-' || before == ' ') && at > 1 && IsDigit(text_[at - 2]);
    if (!grouped) {
      if (const PiiSpan card = As(kPiiCard, at, CardEnd); card.end > 0) return card;
    }
    const bool inside = (before == '.' || before == '-') && at > 1 && IsWord(text_[at - 2]);
    if (inside) return none;
    if (before != ':') {
      if (const PiiSpan ip = As(kPiiIpv6, at, Ipv6End); ip.end > 0) {
        PiiSpan span = ip;
        span.is_public = !IsDocumentation(text_.substr(at, ip.end - at));
        return span;
      }
    }
    if (Wanted(kPiiIpv4)) {
      Ipv4 parts;
      const size_t end = Ipv4End(text_, at, &parts);
      if (end > 0) return {at, end, kPiiIpv4, IsPublic(parts)};
    }
    return As(kPiiPhone, at, NationalPhoneEnd);
  }

  PiiSpan As(PiiKinds kind, size_t at, size_t (*end_of)(std::string_view, size_t)) const {
    return Wanted(kind) ? PiiSpan{at, end_of(text_, at), kind} : PiiSpan{};
  }

  // 2001:db8::/32
  static bool IsDocumentation(std::string_view ip) {
    if (ip.compare(0, 5, "2001:") != 0) return false;
    size_t at = 5;
    if (at < ip.size() && ip[at] == '0') ++at;
    return ip.size() > at + 3 && (ip[at] | 0x20) == 'd' && (ip[at + 1] | 0x20) == 'b' &&
           ip[at + 2] == '8' && ip[at + 3] == ':';
  }

  std::string_view text_;
  const PiiKinds& wanted_;
};

}  // namespace

const std::vector<std::string>& PiiNames() {
  static const auto* names =
      new std::vector<std::string>{"email", "phone", "ipv4", "iban", "card", "ipv6"};
  return *names;
}

PiiKinds FindPii(std::string_view text, PiiKinds wanted) {
  PiiKinds missing = wanted;
  const Scan scan(text, missing);
  for (size_t at = 0; missing != 0;) {
    const PiiSpan found = scan.Next(at, 0);
    if (found.end == 0) break;
    missing &= ~found.kind;
    // Something else may begin at the same place, or within what was found.
    at = found.kind == kPiiEmail ? found.begin + 1 : found.begin;
  }
  return wanted & ~missing;
}

void FindPiiSpans(std::string_view text, PiiKinds wanted, std::vector<PiiSpan>* spans) {
  spans->clear();
  const Scan scan(text, wanted);
  for (size_t at = 0;;) {
    const PiiSpan found = scan.Next(at, at);
    if (found.end == 0) return;
    spans->push_back(found);
    at = found.end;
  }
}

}  // namespace millrace::contract
