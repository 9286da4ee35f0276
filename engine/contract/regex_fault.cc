#include "contract/regex_fault.h"

#include <arrow/compute/api.h>

#include <algorithm>
#include <vector>

#include "base/utf8.h"
#include "contract/value_text.h"

namespace millrace::contract {

namespace {

struct Range {
  size_t begin = 0, bytes = 0;
};

// The written characters of a pattern: an escape is one, so that its second half is never taken for
// an operator. `in_class`: between brackets.
struct Token {
  size_t begin = 0, bytes = 1;
  bool in_class = false;
};

std::vector<Token> Tokens(const std::string& pattern) {
  std::vector<Token> tokens;
  bool in_class = false;
  size_t class_begin = 0;  // first byte that could close it
  for (size_t at = 0; at < pattern.size();) {
    if (!in_class && pattern.compare(at, 2, "\\Q") == 0) {  // literal text
      const size_t end = pattern.find("\\E", at);
      const size_t bytes = end == std::string::npos ? pattern.size() - at : end + 2 - at;
      tokens.push_back({at, bytes, false});
      at += bytes;
      continue;
    }
    const size_t bytes = pattern[at] == '\\' ? std::min<size_t>(2, pattern.size() - at) : 1;
    tokens.push_back({at, bytes, in_class});
    if (bytes == 1 && !in_class && pattern[at] == '[') {
      in_class = true;
      class_begin = at + (pattern.compare(at + 1, 1, "^") == 0 ? 2 : 1);
    } else if (bytes == 1 && in_class && pattern[at] == ']' && at > class_begin) {
      in_class = false;
    }
    at += bytes;
  }
  return tokens;
}

// The parenthesis without a partner: the first closing one, else the last opening one.
Range LoneParenthesis(const std::string& pattern) {
  std::vector<size_t> open;
  for (const Token& token : Tokens(pattern)) {
    if (token.bytes != 1 || token.in_class) continue;
    if (pattern[token.begin] == '(') open.push_back(token.begin);
    if (pattern[token.begin] != ')') continue;
    if (open.empty()) return {token.begin, 1};
    open.pop_back();
  }
  return open.empty() ? Range{0, pattern.size()} : Range{open.back(), 1};
}

// Where the part that RE2 names stands. It names the rest of the pattern for an open bracket.
Range PlaceOf(const std::string& pattern, const std::string& reason, const std::string& part) {
  if (reason == "missing )" || reason == "unexpected )") return LoneParenthesis(pattern);
  if (reason.rfind("trailing", 0) == 0) return {pattern.size() - 1, 1};
  if (part.empty() || part.size() > pattern.size()) return {0, pattern.size()};
  if (reason == "missing ]") return {pattern.size() - part.size(), 1};
  for (const Token& token : Tokens(pattern)) {
    if (pattern.compare(token.begin, part.size(), part) == 0) return {token.begin, part.size()};
  }
  return {0, pattern.size()};
}

// RE2's own words for a pattern that does not compile, "" for one that does.
std::string WhyNot(const std::string& pattern) {
  // Arrow compiles the pattern when it is used: one empty text is enough to hear about it.
  const arrow::compute::MatchSubstringOptions options(pattern);
  const auto probe = arrow::compute::CallFunction("match_substring_regex",
                                                  {arrow::Datum(std::string())}, &options);
  if (probe.ok()) return "";
  const std::string message = probe.status().message();
  const std::string prefix = "Invalid regular expression: ";
  return message.rfind(prefix, 0) == 0 ? message.substr(prefix.size()) : message;
}

}  // namespace

std::string WholeValuePattern(const std::string& pattern) { return "\\A(?:" + pattern + ")\\z"; }

std::optional<RegexFault> FindRegexFault(const std::string& pattern) {
  // By itself first: `a)(b` is no pattern, though it would be one between the parentheses of ours.
  std::string why = WhyNot(pattern);
  const bool alone = !why.empty();
  if (!alone) why = WhyNot(WholeValuePattern(pattern));
  if (why.empty()) return std::nullopt;
  const size_t colon = why.find(": ");
  const std::string reason = why.substr(0, colon);
  const std::string part = colon == std::string::npos ? "" : why.substr(colon + 2);
  // What is whole by itself and not within ours has a \Q that swallows what follows it.
  const Range place =
      alone ? PlaceOf(pattern, reason, part) : Range{pattern.rfind("\\Q"), size_t{2}};
  // A missing or lone bracket is told by its place; everything else names a part.
  const bool named = part.empty() || reason.rfind("missing", 0) == 0 ||
                     reason.rfind("unexpected", 0) == 0 || reason.rfind("trailing", 0) == 0;
  RegexFault fault;
  fault.message = "the regex `" + ShortText(pattern) + "` cannot be used: " +
                  (!alone  ? "text that \\Q begins has no end, it needs \\E"
                   : named ? reason
                           : reason + ": " + ShortText(part));
  if (place.begin > pattern.size()) return fault;
  fault.position = static_cast<int>(CodePoints(std::string_view(pattern).substr(0, place.begin)));
  fault.length = std::max<int>(
      1, static_cast<int>(CodePoints(std::string_view(pattern).substr(place.begin, place.bytes))));
  return fault;
}

}  // namespace millrace::contract
