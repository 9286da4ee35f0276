// The text of a config as a tree that remembers where everything stood. YAML decides only the
// shape; what a scalar means is decided later by the field it is given to, so `no`, `null`, `010`,
// `2e6` and `~` hold no surprises. JSON is read by the same way.
//
// Refused here: syntax errors, tags, several documents, aliases that blow up, keys that are not
// plain names, and texts over the limits. A key given twice is a problem, not the end of parsing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace millrace::pipeline {

inline constexpr size_t kConfigBytesMax = 1 << 20;
inline constexpr int kConfigDepthMax = 32;
inline constexpr int64_t kConfigNodesMax = 200'000;  // after aliases are copied out

struct ConfigEntry;

struct ConfigNode {
  enum class Kind { kEmpty, kScalar, kMap, kSequence };
  Kind kind = Kind::kEmpty;  // kEmpty: nothing was written, as in `key:`
  std::string text;          // of a scalar, quotes and escapes undone
  bool quoted = false;       // quoted or a block scalar: a text whatever it looks like
  SourceSpan span;
  int64_t offset = -1;               // of the scalar's first byte in ConfigTree::text
  std::vector<ConfigEntry> entries;  // of a map, in file order, keys unique
  std::vector<ConfigNode> items;     // of a sequence

  const ConfigNode* Find(std::string_view key) const;
};

struct ConfigEntry {
  std::string key;
  SourceSpan key_span;
  ConfigNode value;
};

struct ConfigTree {
  std::string file;  // for messages
  std::string text;
  ConfigNode root;
  std::vector<Diagnostic> problems;  // with syntax problems the tree holds what came before

  /// The text of a line (from 1) without its line break; "" when there is no such line.
  std::string Line(int line) const;
  /// The place of `length` code points at `offset` (code points of node.text) inside a scalar, or
  /// the whole scalar where its source form does not map one to one (folded or resolved texts).
  SourceSpan SpanInside(const ConfigNode& node, int offset, int length) const;
};

/// Never fails: what is wrong stands in `problems`.
ConfigTree ParseConfigTree(std::string text, const std::string& file);

/// Code points of UTF-8 text; a byte that is no UTF-8 counts as one.
int CountCodePoints(std::string_view text);

}  // namespace millrace::pipeline
