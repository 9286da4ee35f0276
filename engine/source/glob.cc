#include "source/glob.h"

namespace millrace::source {
namespace {

std::string_view FirstPart(std::string_view path) { return path.substr(0, path.find('/')); }

std::string_view WithoutFirstPart(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
}

// [abc], [a-z], [!a-z]. Returns the length of the class in the pattern, 0 when it is none.
size_t MatchClass(std::string_view pattern, char c, bool* matches) {
  const bool negated = pattern.size() > 1 && pattern[1] == '!';
  size_t i = negated ? 2 : 1;
  bool found = false;
  for (const size_t first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > first) {
      *matches = found != negated;
      return i + 1;
    }
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      found |= pattern[i] <= c && c <= pattern[i + 2];
      i += 2;
    } else {
      found |= pattern[i] == c;
    }
  }
  return 0;
}

// One name against one part. Linear in practice: only the last * is gone back to.
bool MatchPart(std::string_view pattern, std::string_view name) {
  if (!name.empty() && name[0] == '.' && (pattern.empty() || pattern[0] != '.')) return false;
  size_t p = 0, n = 0, star = std::string_view::npos, star_n = 0;
  while (n < name.size()) {
    bool in_class = false;
    const size_t length = p < pattern.size() && pattern[p] == '['
                              ? MatchClass(pattern.substr(p), name[n], &in_class)
                              : 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_n = n;
    } else if (length > 0 && in_class) {
      p += length;
      ++n;
    } else if (length == 0 && p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_n;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool HasWildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

GlobParts SplitGlob(const std::string& pattern) {
  const size_t wildcard = pattern.find_first_of("*?[");
  const size_t slash = pattern.rfind('/', wildcard);
  if (slash == std::string::npos) return {"", pattern};
  return {slash == 0 ? "/" : pattern.substr(0, slash), pattern.substr(slash + 1)};
}

bool GlobMatches(std::string_view pattern, std::string_view key) {
  if (pattern.empty() || key.empty()) return pattern.empty() && key.empty();
  const std::string_view part = FirstPart(pattern);
  if (part == "**") {
    const std::string_view rest = WithoutFirstPart(pattern);
    for (std::string_view below = key; !below.empty(); below = WithoutFirstPart(below)) {
      if (rest.empty() ? below.find('/') == std::string_view::npos && below[0] != '.'
                       : GlobMatches(rest, below)) {
        return true;
      }
      if (below[0] == '.') return false;  // ** does not go into hidden folders
    }
    return false;
  }
  const bool last_part = part.size() == pattern.size();
  const bool last_name = key.find('/') == std::string_view::npos;
  if (last_part != last_name || !MatchPart(part, FirstPart(key))) return false;
  return last_part || GlobMatches(WithoutFirstPart(pattern), WithoutFirstPart(key));
}

}  // namespace millrace::source
