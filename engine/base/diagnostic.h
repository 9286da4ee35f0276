// A problem shown to a person the way a compiler would: where, what, and what to do about it.
#pragma once

#include <string>
#include <vector>

#include "base/error_codes.h"

namespace millrace {

/// A range in a config file. Lines and columns count from 1, columns in code points; 0 = unknown.
struct SourceSpan {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 1;
  bool known() const { return line > 0; }
};

struct Diagnostic {
  ErrorCode code = ErrorCode::kBug;
  std::string message;
  std::string suggestion;  // may be empty
  SourceSpan span;
  std::string source_line;  // the offending line; empty for a secret, which is never echoed
};

/// "pipeline.yaml:3:5: error MR1203: ...", the offending line, a caret and the suggestion.
std::string RenderDiagnostic(const Diagnostic& diagnostic);
std::string RenderDiagnostics(const std::vector<Diagnostic>& diagnostics);

/// The candidate closest to `word` in edit distance, or "" when none is close enough to be meant.
std::string ClosestMatch(const std::string& word, const std::vector<std::string>& candidates);
/// `did you mean "x"?` or "" when nothing is close.
std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace millrace
