#include "contract/model/pii.h"

#include <algorithm>
#include <array>

namespace millrace::contract {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLetter(char c) { return IsUpper(c) || (c >= 'a' && c <= 'z'); }
// Bytes of letters outside ASCII count as part of a word.
bool IsWord(char c) { return IsDigit(c) || IsLetter(c) || static_cast<unsigned char>(c) >= 0x80; }

bool IsLocalPart(char c) {
  return IsDigit(c) || IsLetter(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

constexpr size_t kLocalPartMax = 64, kDomainMax = 253;

// name@host.tld; the host's last label is of two letters or more.
bool IsEmailAt(std::string_view text, size_t at) {
  size_t begin = at;
  while (begin > 0 && at - begin < kLocalPartMax && IsLocalPart(text[begin - 1])) --begin;
  if (begin == at || text[at - 1] == '.') return false;
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
  return dots > 0 && last.size() >= 2 && std::all_of(last.begin(), last.end(), IsLetter);
}

// Digits from `at` on with single separators between them; where they end.
struct DigitRun {
  std::string digits;
  size_t end = 0;
};

constexpr size_t kDigitsMax = 20;

DigitRun ReadDigits(std::string_view text, size_t at, std::string_view separators) {
  DigitRun run;
  run.end = at;
  bool separated = true;
  for (size_t i = at; i < text.size() && run.digits.size() <= kDigitsMax; ++i) {
    if (IsDigit(text[i])) {
      run.digits += text[i];
      run.end = i + 1;
      separated = false;
    } else if (separators.find(text[i]) != std::string_view::npos && !separated) {
      // ") " and ")-" close an area code.
      separated = text[i] != ')';
    } else {
      break;
    }
  }
  return run;
}

bool EndsThere(std::string_view text, size_t end) {
  return end == text.size() || !IsWord(text[end]);
}

// +CC and 8 to 15 digits in all.
bool IsInternationalPhone(std::string_view text, size_t plus) {
  if (plus > 0 && (IsWord(text[plus - 1]) || text[plus - 1] == '+')) return false;
  if (plus + 1 == text.size() || !IsDigit(text[plus + 1]) || text[plus + 1] == '0') return false;
  std::string digits;
  size_t end = plus + 1;
  bool separated = false;
  for (size_t i = plus + 1; i < text.size() && digits.size() <= 15; ++i) {
    const char c = text[i];
    if (IsDigit(c)) {
      digits += c;
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
  return digits.size() >= 8 && digits.size() <= 15 && EndsThere(text, end);
}

// ddd-ddd-dddd, ddd.ddd.dddd, (ddd) ddd-dddd: North American, where the first digits are 2 to 9.
bool IsNationalPhone(std::string_view text, size_t at) {
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
  if (!is_area(i) || !group(3)) return false;
  char separator = 0;
  if (bracket) {
    if (i >= text.size() || text[i++] != ')') return false;
    if (i < text.size() && text[i] == ' ') ++i;
    separator = '-';
  } else {
    if (i >= text.size() || (text[i] != '-' && text[i] != '.')) return false;
    separator = text[i++];
  }
  if (!is_area(i) || !group(3)) return false;
  if (i >= text.size() || text[i++] != separator) return false;
  if (!group(4)) return false;
  const bool goes_on = i < text.size() && (IsWord(text[i]) || text[i] == separator);
  return !goes_on;
}

// Four numbers up to 255; neither part of a longer row of them nor of a word, as a version is.
bool IsIpv4(std::string_view text, size_t at) {
  size_t i = at;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (i >= text.size() || text[i++] != '.')) return false;
    int value = 0;
    size_t digits = 0;
    while (i < text.size() && IsDigit(text[i]) && digits < 4) {
      value = value * 10 + (text[i++] - '0');
      ++digits;
    }
    const bool leading_zero = digits > 1 && text[i - digits] == '0';
    if (digits == 0 || digits > 3 || value > 255 || leading_zero) return false;
  }
  if (!EndsThere(text, i)) return false;
  return i == text.size() || text[i] != '.' || i + 1 == text.size() || !IsWord(text[i + 1]);
}

// Two letters, two check digits, 11 to 30 more; single blanks between. ISO 7064, modulo 97.
bool IsIban(std::string_view text, size_t at) {
  std::string code;
  size_t i = at;
  bool blank = true;
  std::array<size_t, 35> ends{};  // after how much text the code has so many characters
  for (; i < text.size() && code.size() < 34; ++i) {
    if (IsUpper(text[i]) || IsDigit(text[i])) {
      code += text[i];
      ends[code.size()] = i + 1;
      blank = false;
    } else if (text[i] == ' ' && !blank) {
      blank = true;
    } else {
      break;
    }
  }
  if (code.size() < 15 || !IsUpper(code[1]) || !IsDigit(code[2]) || !IsDigit(code[3])) return false;
  // Words in capitals may follow the last group: every length at which a word ends is tried.
  for (size_t length = code.size(); length >= 15; --length) {
    if (!EndsThere(text, ends[length])) continue;
    int rest = 0;
    for (size_t k = 0; k < length; ++k) {
      const char c = code[(k + 4) % length];
      rest = IsDigit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
    }
    if (rest == 1) return true;
  }
  return false;
}

// 13 to 19 digits that begin like a payment card's, with the right check digit (Luhn).
bool IsCard(std::string_view text, size_t at) {
  const DigitRun run = ReadDigits(text, at, " -");
  const std::string& digits = run.digits;
  if (digits.size() < 13 || digits.size() > 19 || !EndsThere(text, run.end)) return false;
  if (digits[0] < '2' || digits[0] > '6') return false;
  if (digits.find_first_not_of(digits[0]) == std::string::npos) return false;
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

// What any of it begins with or is known by: most bytes of a text are none of these.
constexpr std::array<bool, 256> MakeMayMark() {
  std::array<bool, 256> may{};
  for (unsigned char c = '0'; c <= '9'; ++c) may[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) may[c] = true;
  for (const char c : {'@', '+', '('}) may[static_cast<unsigned char>(c)] = true;
  return may;
}
constexpr std::array<bool, 256> kMayMark = MakeMayMark();

}  // namespace

const std::vector<std::string>& PiiNames() {
  static const auto* names = new std::vector<std::string>{"email", "phone", "ipv4", "iban", "card"};
  return *names;
}

PiiKinds FindPii(std::string_view text, PiiKinds wanted) {
  PiiKinds found = 0;
  for (size_t i = 0; i < text.size() && found != wanted; ++i) {
    const char c = text[i];
    if (!kMayMark[static_cast<unsigned char>(c)]) continue;
    const auto look = [&](PiiKinds kind, bool (*is)(std::string_view, size_t)) {
      if ((wanted & kind) != 0 && (found & kind) == 0 && is(text, i)) found |= kind;
    };
    if (c == '@') look(kPiiEmail, IsEmailAt);
    if (c == '+') look(kPiiPhone, IsInternationalPhone);
    const bool begins = i == 0 || !(IsWord(text[i - 1]));
    if (c == '(' && begins) look(kPiiPhone, IsNationalPhone);
    if (IsDigit(c) && begins) {
      const char before = i == 0 ? ' ' : text[i - 1];
      const bool inside = (before == '.' || before == '-') && i > 1 && IsWord(text[i - 2]);
      if (!inside) {
        look(kPiiPhone, IsNationalPhone);
        look(kPiiIpv4, IsIpv4);
      }
      // Not in the middle of digits in groups.
      const bool grouped = (before == '-' || before == ' ') && i > 1 && IsDigit(text[i - 2]);
      if (!grouped) look(kPiiCard, IsCard);
    }
    if (IsUpper(c) && begins) look(kPiiIban, IsIban);
  }
  return found;
}

}  // namespace millrace::contract
