// The patterns of a tokenizer.json: that part of Oniguruma's syntax (as in Ruby) which such files
// use. Sets of characters, also by property; alternatives, groups without names, `(?i:`, what must
// or must not follow; `?`, `*`, `+`, `{n,m}`, also with a `+` behind it that gives nothing back.
//
// Thread-safety: immutable after Parse; any thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "op/text/code_points.h"

namespace millrace::op {

/// A set of code points.
class CharSet {
 public:
  void AddRange(char32_t first, char32_t last) { ranges_.push_back({first, last}); }
  /// Bits by CharTable::Category.
  void AddCategories(uint32_t categories) { categories_ |= categories; }
  void AddSpace() { space_ = true; }
  /// Bits of CharTable::Trait.
  void AddTraits(uint16_t traits) { traits_ |= traits; }
  void AddSet(CharSet set) { sets_.push_back(std::move(set)); }
  void Negate() { negated_ = !negated_; }
  /// To be called when nothing is added anymore.
  void Finish();

  bool Contains(char32_t code) const {
    return code < 128 ? (ascii_[code >> 6] >> (code & 63) & 1) != 0 : Look(code);
  }
  /// Moves `*at` behind the code point there, if it is one of the set.
  bool Takes(std::string_view text, size_t* at) const {
    if (*at >= text.size()) return false;
    const auto byte = static_cast<unsigned char>(text[*at]);
    if (byte < 128) {
      if ((ascii_[byte >> 6] >> (byte & 63) & 1) == 0) return false;
      ++*at;
      return true;
    }
    size_t behind = *at;
    if (!Look(NextCodePoint(text, &behind))) return false;
    *at = behind;
    return true;
  }

 private:
  struct Range {
    char32_t first, last;
  };
  bool Look(char32_t code) const;

  uint64_t ascii_[2] = {0, 0};
  uint32_t categories_ = 0;
  uint16_t traits_ = 0;
  bool space_ = false, negated_ = false;
  std::vector<Range> ranges_;
  std::vector<CharSet> sets_;
};

class SplitPattern {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  /// BadValue, which names the part that is not known here; also for a pattern that matches nothing
  /// at all ("").
  static Result<SplitPattern> Parse(std::string_view pattern);

  /// The end of the match that begins at `at`; kNone without one. REQUIRES: valid UTF-8.
  size_t MatchAt(std::string_view text, size_t at) const {
    DeadEnds dead_ends;
    return Run(0, text, at, &dead_ends);
  }

  /// Calls found(begin, end) for one match after the other.
  template <typename Found>
  void ForMatches(std::string_view text, const Found& found) const {
    DeadEnds dead_ends;
    for (size_t at = 0; at < text.size();) {
      dead_ends.BeginMatch();
      const size_t end = Run(0, text, at, &dead_ends);
      if (end == kNone) {
        NextCodePoint(text, &at);
      } else {
        found(at, end);
        at = end;
      }
    }
  }

 private:
  friend class PatternCompiler;

  struct Node {
    enum Kind : uint8_t { kOne, kRepeat, kAny, kFollows, kFollowsNot, kEnd } kind = kEnd;
    bool possessive = false;
    int set = 0;
    int next = 0;
    uint32_t min = 0, max = 0;
    std::vector<int> branches;       // of kAny; of kFollows and kFollowsNot one
    std::vector<uint32_t> by_ascii;  // of kAny: which branches can begin with a character
  };

  /// From where no match of one text goes on. Kept of matches that take many steps alone, so that
  /// choices which fail one behind the other do not double the work each.
  class DeadEnds {
   public:
    void BeginMatch() { steps_ = 0; }
    bool Has(int node, size_t at) {
      return ++steps_ > kManySteps && known_ && known_->count(Key(node, at)) > 0;
    }
    void Add(int node, size_t at);

   private:
    static constexpr int kManySteps = 1000;
    static constexpr size_t kMost = 1 << 20;
    static uint64_t Key(int node, size_t at) { return static_cast<uint64_t>(node) << 40 ^ at; }
    int steps_ = 0;
    std::unique_ptr<std::unordered_set<uint64_t>> known_;
  };

  size_t Run(int node, std::string_view text, size_t at, DeadEnds* dead_ends) const;

  std::vector<CharSet> sets_;
  std::vector<Node> nodes_;  // the first is where a match begins
};

}  // namespace millrace::op
