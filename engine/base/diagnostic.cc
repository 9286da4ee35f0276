#include "base/diagnostic.h"

#include <algorithm>

namespace millrace {

std::string RenderDiagnostic(const Diagnostic& d) {
  std::string out;
  if (!d.span.file.empty()) {
    out += d.span.file;
    if (d.span.known()) {
      out += ':' + std::to_string(d.span.line) + ':' + std::to_string(d.span.column);
    }
    out += ": ";
  }
  out += "error " + FormatErrorCode(d.code) + ": " + d.message + '\n';
  if (d.span.known() && !d.source_line.empty()) {
    const std::string number = std::to_string(d.span.line);
    out += "  " + number + " | " + d.source_line + '\n';
    out += std::string(2 + number.size(), ' ') + " | ";
    out += std::string(static_cast<size_t>(std::max(0, d.span.column - 1)), ' ');
    out += std::string(static_cast<size_t>(std::max(1, d.span.length)), '^') + '\n';
  }
  if (!d.suggestion.empty()) out += "  help: " + d.suggestion + '\n';
  return out;
}

std::string RenderDiagnostics(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics) out += RenderDiagnostic(d);
  return out;
}

namespace {

// Levenshtein distance with transposition of neighbours (optimal string alignment).
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string ClosestMatch(const std::string& word, const std::vector<std::string>& candidates) {
  constexpr size_t kWordBytesMax = 64;  // longer words are no typos of ours
  if (word.empty() || word.size() > kWordBytesMax) return "";
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kWordBytesMax) continue;
    const size_t distance = EditDistance(word, candidate);
    const bool alike = distance < std::max(word.size(), candidate.size());  // a letter in common
    if (alike && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string match = ClosestMatch(word, candidates);
  return match.empty() ? "" : "did you mean `" + match + "`?";
}

}  // namespace millrace
