// The problems of one config, collected so that all are shown at once, and without any secret:
// lines that hold one are not echoed, and registered secrets are masked in every message.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "pipeline/config/tree.h"

namespace millrace {
struct ConfigValue;
}

namespace millrace::pipeline {

class ConfigProblems {
 public:
  /// Starts with the tree's own problems. Keeps the pointer.
  explicit ConfigProblems(const ConfigTree* tree);

  void Add(ErrorCode code, const SourceSpan& span, std::string message,
           std::string suggestion = "");
  /// For diagnostics made elsewhere; the offending line is filled in.
  void Add(Diagnostic diagnostic);
  /// For a diagnostic whose span lies within a text value: line 1, column in code points.
  void AddInside(const ConfigValue& text, Diagnostic diagnostic);
  /// Each text that stands in the list again. Null: none.
  void AddRepeated(const ConfigValue* list);
  /// Lines of a value that must never be shown.
  void HideLines(const ConfigNode& node);

  bool empty() const { return problems_.empty(); }
  /// Whether one of them lies in the lines from `first` up to `end`.
  bool AnyIn(int first, int end) const;
  const ConfigTree& tree() const { return *tree_; }
  /// Sorted by place, without repetitions, the first hundred and a count of the others.
  std::vector<Diagnostic> Finish() const;

 private:
  const ConfigTree* tree_;
  std::vector<Diagnostic> problems_;
  std::set<int> hidden_lines_;
};

/// Whether a key is called like something that must stay secret: password, token, api_key, ...
bool LooksLikeSecretKey(const std::string& key);
/// Whether a text holds a password in a URL: scheme://user:password@host.
bool HoldsUrlPassword(const std::string& text);

/// Finds secrets written in clear all over the tree, hides their lines and reports those that no
/// field takes care of. `keys_are_names`: the keys of this map are the user's own.
void FindSecrets(const ConfigNode& root, ConfigProblems* problems);

}  // namespace millrace::pipeline
