#include "contract/sensitive_hint.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <vector>

namespace millrace::contract {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || IsUpper(c); }
char Lower(char c) { return IsUpper(c) ? static_cast<char>(c + 32) : c; }

// "contact.firstName" is contact, first, name. Bytes beyond ASCII are letters.
std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words;
  bool open = false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool letter = IsLetter(c) || static_cast<unsigned char>(c) >= 0x80;
    if (!letter) {
      open = false;
      continue;
    }
    const bool hump = IsUpper(c) && i > 0 && !IsUpper(name[i - 1]);
    if (!open || hump) words.emplace_back();
    words.back() += Lower(c);
    open = true;
  }
  return words;
}

struct Meaning {
  const char* words;  // one after the other in a name
  const char* what;
};

constexpr Meaning kMeanings[] = {
    {"email", "an e-mail address"},
    {"e mail", "an e-mail address"},
    {"mail", "an e-mail address"},
    {"emails", "an e-mail address"},
    {"phone", "a telephone number"},
    {"telephone", "a telephone number"},
    {"telefon", "a telephone number"},
    {"tel", "a telephone number"},
    {"mobile", "a telephone number"},
    {"handy", "a telephone number"},
    {"fax", "a telephone number"},
    {"msisdn", "a telephone number"},
    {"firstname", "a person's name"},
    {"lastname", "a person's name"},
    {"fullname", "a person's name"},
    {"surname", "a person's name"},
    {"forename", "a person's name"},
    {"username", "a person's name"},
    {"nickname", "a person's name"},
    {"vorname", "a person's name"},
    {"nachname", "a person's name"},
    {"nom", "a person's name"},
    {"prenom", "a person's name"},
    {"login", "a person's name"},
    {"address", "an address"},
    {"adresse", "an address"},
    {"street", "an address"},
    {"strasse", "an address"},
    {"stra\xc3\x9f"
     "e",
     "an address"},
    {"birth", "a date of birth"},
    {"birthday", "a date of birth"},
    {"birthdate", "a date of birth"},
    {"dob", "a date of birth"},
    {"geburtsdatum", "a date of birth"},
    {"ssn", "an identity number"},
    {"social security", "an identity number"},
    {"passport", "an identity number"},
    {"national id", "an identity number"},
    {"tax id", "an identity number"},
    {"iban", "an account number"},
    {"account number", "an account number"},
    {"card number", "a card number"},
    {"credit card", "a card number"},
    {"cvv", "a card number"},
    {"password", "a secret"},
    {"passwd", "a secret"},
    {"passwort", "a secret"},
    {"secret", "a secret"},
    {"api key", "a secret"},
    {"apikey", "a secret"},
    {"access key", "a secret"},
    {"private key", "a secret"},
    {"access token", "a secret"},
    {"auth token", "a secret"},
    {"ip", "a network address"},
    {"ip address", "a network address"},
    {"ipaddress", "a network address"},
    {"salary", "a salary"},
    {"gehalt", "a salary"},
    {"diagnosis", "a diagnosis"},
    {"religion", "a religion"},
    {"ethnicity", "an ethnicity"},
};

// What may stand before `name` without making it a person's.
const std::set<std::string>& ThingsWithNames() {
  static const auto* things = new std::set<std::string>{
      "product",  "file",   "host",       "column",   "table",  "country", "city",     "region",
      "state",    "brand",  "package",    "event",    "model",  "class",   "category", "app",
      "function", "module", "database",   "schema",   "domain", "field",   "source",   "dataset",
      "service",  "path",   "species",    "street",   "route",  "station", "metric",   "tag",
      "label",    "type",   "unit",       "language", "layer",  "font",    "color",    "item",
      "project",  "repo",   "repository", "branch",   "stage",  "task",    "job",      "bucket"};
  return *things;
}

std::string PersonName(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "name" && words[i] != "names") continue;
    if (i == 0 || ThingsWithNames().count(words[i - 1]) == 0) return "a person's name";
  }
  return "";
}

// Something@host.tld, from `at`; the length of the whole, 0 when it is none.
size_t MailAround(std::string_view text, size_t at, size_t* begin) {
  const auto is_local = [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
  };
  size_t first = at;
  while (first > 0 && is_local(text[first - 1])) --first;
  size_t end = at + 1, dot = 0;
  while (end < text.size() &&
         (IsLetter(text[end]) || IsDigit(text[end]) || text[end] == '.' || text[end] == '-')) {
    if (text[end] == '.') dot = end;
    ++end;
  }
  *begin = first;
  return first < at && dot > at + 1 && end > dot + 2 ? end - first : 0;
}

enum class Holds { kNothing, kInside, kWhole };

Holds MailIn(std::string_view text) {
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    size_t begin = 0;
    const size_t length = MailAround(text, at, &begin);
    if (length == text.size()) return Holds::kWhole;
    if (length > 0) return Holds::kInside;
  }
  return Holds::kNothing;
}

// Plus or zero first, or in groups: plain digits may count anything.
bool IsPhone(std::string_view text) {
  int digits = 0, groups = 0;
  bool in_digits = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (IsDigit(c)) {
      ++digits;
      if (!in_digits) ++groups;
      in_digits = true;
      continue;
    }
    in_digits = false;
    const bool mark = c == ' ' || c == '-' || c == '/' || c == '(' || c == ')' || c == '.';
    if (!(mark || (c == '+' && i == 0))) return false;
  }
  if (digits < 7 || digits > 15) return false;
  if (text.front() == '+') return true;
  // Dates have eight digits.
  return text.front() == '(' || (text.front() == '0' && digits > 8 && groups >= 2 && groups <= 5 &&
                                 text.find('.') == std::string_view::npos);
}

// ISO 13616, by its check digits.
bool IsIban(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != ' ') plain += c;
  }
  if (plain.size() < 15 || plain.size() > 34 || !IsUpper(plain[0]) || !IsUpper(plain[1]) ||
      !IsDigit(plain[2]) || !IsDigit(plain[3])) {
    return false;
  }
  int rest = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    const char c = plain[(i + 4) % plain.size()];
    if (!IsDigit(c) && !IsUpper(c)) return false;
    const int value = IsDigit(c) ? c - '0' : c - 'A' + 10;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest == 1;
}

// 13 to 19 digits of a known first one whose check digit is right (Luhn).
bool IsCard(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (IsDigit(c)) {
      digits += c;
    } else if (c != ' ' && c != '-') {
      return false;
    }
  }
  if (digits.size() < 13 || digits.size() > 19 || digits[0] < '3' || digits[0] > '6') return false;
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    int value = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 1) value = value > 4 ? value * 2 - 9 : value * 2;
    sum += value;
  }
  return sum % 10 == 0;
}

bool StartsWith(std::string_view text, std::string_view begin) {
  return text.substr(0, begin.size()) == begin;
}

bool IsKey(std::string_view text) {
  if (StartsWith(text, "-----BEGIN ")) return true;
  static constexpr std::array<std::string_view, 8> kBegins = {
      "AKIA", "ghp_", "github_pat_", "sk-", "xoxb-", "xoxp-", "eyJhbGciOi", "glpat-"};
  return text.size() >= 20 && text.find(' ') == std::string_view::npos &&
         std::any_of(kBegins.begin(), kBegins.end(),
                     [&](std::string_view begin) { return StartsWith(text, begin); });
}

bool IsIpAddress(std::string_view text) {
  int parts = 0, value = -1;
  for (const char c : text) {
    if (IsDigit(c)) {
      value = (value < 0 ? 0 : value) * 10 + (c - '0');
      if (value > 255) return false;
    } else if (c == '.' && value >= 0) {
      ++parts;
      value = -1;
    } else {
      return false;
    }
  }
  return parts == 3 && value >= 0;
}

}  // namespace

std::string SensitiveByName(std::string_view column) {
  const std::vector<std::string> words = WordsOf(column);
  std::string name = " ";
  for (const std::string& word : words) name += word + ' ';
  for (const Meaning& meaning : kMeanings) {
    if (name.find(' ' + std::string(meaning.words) + ' ') != std::string::npos) return meaning.what;
  }
  return PersonName(words);
}

void SensitiveValues::Add(std::string_view value) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (value.empty()) return;
  ++values_;
  const Holds mail = MailIn(value);
  const bool iban = IsIban(value), card = IsCard(value);
  const bool phone = !card && IsPhone(value), key = IsKey(value), ip = IsIpAddress(value);
  mails_ += mail == Holds::kWhole;
  accounts_ += iban;
  cards_ += card;
  phones_ += phone;
  keys_ += key;
  ips_ += ip;
  any_ = any_ || mail != Holds::kNothing || iban || phone || key || card || ip;
}

std::string SensitiveValues::Kind() const {
  const auto most = [&](int64_t count) { return count > 0 && count * 2 >= values_; };
  if (most(mails_)) return "e-mail addresses";
  if (most(accounts_)) return "account numbers";
  // By chance one number in ten has the right check digit.
  if (cards_ * 10 >= values_ * 8 && cards_ > 0) return "card numbers";
  if (most(phones_)) return "telephone numbers";
  if (most(keys_)) return "keys or tokens";
  if (most(ips_)) return "network addresses";
  return "";
}

}  // namespace millrace::contract
