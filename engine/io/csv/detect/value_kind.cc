#include "io/csv/detect/value_kind.h"

#include <algorithm>
#include <array>
#include <string>

namespace millrace::io::csv {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = IsUpper(c) ? static_cast<char>(c + 32) : c;
  return lower;
}

// Digits with signs, groups, a decimal mark, an exponent, a currency or a percent sign.
bool IsNumber(std::string_view text) {
  for (const std::string_view mark : {"€", "$", "£", "EUR", "USD"}) {
    if (text.substr(0, mark.size()) == mark) text.remove_prefix(mark.size());
    if (text.size() > mark.size() && text.substr(text.size() - mark.size()) == mark) {
      text.remove_suffix(mark.size());
    }
  }
  text = Trimmed(text);
  if (!text.empty() && text.back() == '%') text = Trimmed(text.substr(0, text.size() - 1));
  size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  size_t digits = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (IsDigit(c)) {
      ++digits;
      continue;
    }
    const bool between = digits > 0 && i + 1 < text.size() && IsDigit(text[i + 1]);
    const bool exponent = (c == 'e' || c == 'E') && digits > 0 && i + 1 < text.size() &&
                          (IsDigit(text[i + 1]) || ((text[i + 1] == '-' || text[i + 1] == '+') &&
                                                    i + 2 < text.size() && IsDigit(text[i + 2])));
    if (exponent) {
      ++i;
    } else if ((c == ' ' || c == '\'' || c == ',') && between) {
      continue;
    } else if (c != '.' || (digits == 0 && i + 1 == text.size())) {
      return false;
    }
  }
  return digits > 0;
}

bool IsDate(std::string_view text) {
  int digits = 0, marks = 0;
  for (const char c : text) {
    if (IsDigit(c)) {
      ++digits;
    } else if (c == '-' || c == '/' || c == ':' || c == '.') {
      ++marks;
    } else if (c != 'T' && c != 'Z' && c != ' ' && c != '+') {
      return false;
    }
  }
  return digits >= 3 && marks >= 1 && IsDigit(text[0]);
}

bool IsCode(std::string_view text) {
  bool capitals = false;
  for (const char c : text) {
    capitals |= IsUpper(c);
    if (!IsUpper(c) && !IsDigit(c) && c != '-' && c != '_') return false;
  }
  return capitals && text.size() <= 16;
}

bool IsAddress(std::string_view text) {
  if (text.find(' ') != std::string_view::npos) return false;
  if (text.substr(0, 7) == "http://" || text.substr(0, 8) == "https://") return true;
  const size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && text.find('.', at) != std::string_view::npos;
}

}  // namespace

ValueKind KindOfValue(std::string_view text) {
  text = Trimmed(text);
  if (text.empty()) return ValueKind::kEmpty;
  if (IsNumber(text)) return ValueKind::kNumber;
  if (IsDate(text)) return ValueKind::kDate;
  if (text.size() <= 5) {
    const std::string lower = Lower(text);
    for (const std::string_view word : {"true", "false", "yes", "no"}) {
      if (lower == word) return ValueKind::kBool;
    }
  }
  if (IsAddress(text)) return ValueKind::kAddress;
  return IsCode(text) ? ValueKind::kCode : ValueKind::kText;
}

bool SaysNull(std::string_view text) {
  text = Trimmed(text);
  if (text.empty() || text.size() > 7) return false;
  static constexpr std::array<std::string_view, 11> kWords = {
      "na", "n/a", "null", "none", "nan", "nil", "-", "--", "?", "\\n", "missing"};
  const std::string lower = Lower(text);
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

double Plausibility(std::string_view text, bool quoted) {
  if (text.empty()) return 1;
  if (!quoted && (text.front() == '"' || text.back() == '"')) return 0.1;
  if (!quoted && text.size() > 1 && text.front() == '\'' && text.back() == '\'') return 0.5;
  const bool padded = text.front() == ' ' || text.back() == ' ';
  const double whole = quoted ? 0.95 : padded ? 0.75 : 1;
  switch (KindOfValue(text)) {
    case ValueKind::kText:
      break;
    default:
      return whole;
  }
  if (quoted) return whole * 0.95;
  double worst = 0.95;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (c == ';' || c == '|' || c == '\t' || c == '^') worst = std::min(worst, 0.5);
    if (c == ',' && next != ' ') worst = std::min(worst, 0.6);
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') worst = 0.3;
  }
  return whole * worst;
}

}  // namespace millrace::io::csv
