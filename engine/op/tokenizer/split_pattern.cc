#include "op/tokenizer/split_pattern.h"

#include "op/tokenizer/char_table.h"

namespace millrace::op {

void CharSet::Finish() {
  for (CharSet& set : sets_) set.Finish();
  for (char32_t code = 0; code < 128; ++code) {
    if (Look(code)) ascii_[code >> 6] |= uint64_t{1} << (code & 63);
  }
}

bool CharSet::Look(char32_t code) const {
  if (categories_ != 0 || traits_ != 0) {
    const uint16_t traits = CharTable::Of().TraitsOf(code);
    if ((categories_ >> (traits & 0xF) & 1) != 0 || (traits & traits_) != 0) return !negated_;
  }
  if (space_ && IsSpace(code)) return !negated_;
  for (const Range& range : ranges_) {
    if (code >= range.first && code <= range.last) return !negated_;
  }
  for (const CharSet& set : sets_) {
    if (set.Contains(code)) return !negated_;
  }
  return negated_;
}

void SplitPattern::DeadEnds::Add(int node, size_t at) {
  if (steps_ <= kManySteps) return;
  if (!known_) known_ = std::make_unique<std::unordered_set<uint64_t>>();
  if (known_->size() == kMost) known_->clear();
  known_->insert(Key(node, at));
}

size_t SplitPattern::Run(int node, std::string_view text, size_t at, DeadEnds* dead_ends) const {
  while (true) {
    const Node& here = nodes_[static_cast<size_t>(node)];
    switch (here.kind) {
      case Node::kEnd:
        return at;
      case Node::kOne:
        if (!sets_[static_cast<size_t>(here.set)].Takes(text, &at)) return kNone;
        break;
      case Node::kRepeat: {
        const CharSet& set = sets_[static_cast<size_t>(here.set)];
        uint32_t count = 0;
        size_t end = at, least = at;
        while (count < here.max && set.Takes(text, &end)) {
          if (++count == here.min) least = end;
        }
        if (count < here.min) return kNone;
        if (!here.possessive && nodes_[static_cast<size_t>(here.next)].kind != Node::kEnd) {
          // The most that lets the rest match.
          if (dead_ends->Has(node, at)) return kNone;
          while (true) {
            const size_t found = Run(here.next, text, end, dead_ends);
            if (found != kNone) return found;
            if (end <= least) {
              dead_ends->Add(node, at);
              return kNone;
            }
            do {
              --end;
            } while ((static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u);
          }
        }
        at = end;
        break;
      }
      case Node::kAny: {
        if (dead_ends->Has(node, at)) return kNone;
        uint32_t may = ~uint32_t{0};
        if (!here.by_ascii.empty()) {
          const auto byte = at < text.size() ? static_cast<unsigned char>(text[at]) : 128;
          if (byte < 128) may = here.by_ascii[byte];
        }
        for (size_t i = 0; i < here.branches.size(); ++i) {
          if (i < 32 && (may >> i & 1) == 0) continue;
          const size_t found = Run(here.branches[i], text, at, dead_ends);
          if (found != kNone) return found;
        }
        dead_ends->Add(node, at);
        return kNone;
      }
      case Node::kFollows:
        if (Run(here.branches[0], text, at, dead_ends) == kNone) return kNone;
        break;
      case Node::kFollowsNot:
        if (Run(here.branches[0], text, at, dead_ends) != kNone) return kNone;
        break;
    }
    node = here.next;
  }
}

}  // namespace millrace::op
