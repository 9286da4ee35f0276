// SplitPattern::Parse: a pattern becomes parts, and those become nodes from the end to the
// beginning.
#include <limits>
#include <map>

#include "base/utf8.h"
#include "op/tokenizer/char_table.h"
#include "op/tokenizer/split_pattern.h"

namespace millrace::op {
namespace {

constexpr uint32_t kNoMax = std::numeric_limits<uint32_t>::max();
// Groups are repeated by writing them out.
constexpr uint32_t kGroupRepeatsMax = 16;
constexpr int kDepthMax = 20;
constexpr size_t kNodesMax = 10000;

struct Part;
using Sequence = std::vector<Part>;

struct Part {
  enum Kind { kSet, kGroup, kFollows, kFollowsNot } kind = kSet;
  CharSet set;
  std::vector<Sequence> branches;
  uint32_t min = 1, max = 1;
  bool possessive = false;
};

uint32_t Bits(std::initializer_list<CharTable::Category> categories) {
  uint32_t bits = 0;
  for (const auto category : categories) bits |= 1u << category;
  return bits;
}

/// The categories of a property; 0 for one that is none.
uint32_t CategoriesOf(const std::string& name) {
  using T = CharTable;
  static const auto* known = new std::map<std::string, uint32_t>{
      {"L", Bits({T::kUpper, T::kLower, T::kTitle, T::kModifier, T::kOtherLetter})},
      {"Lu", Bits({T::kUpper})},
      {"Ll", Bits({T::kLower})},
      {"Lt", Bits({T::kTitle})},
      {"Lm", Bits({T::kModifier})},
      {"Lo", Bits({T::kOtherLetter})},
      {"M", Bits({T::kNonspacing, T::kMark})},
      {"Mn", Bits({T::kNonspacing})},
      {"N", Bits({T::kDecimal, T::kLetterNumber, T::kOtherNumber})},
      {"Nd", Bits({T::kDecimal})},
      {"Nl", Bits({T::kLetterNumber})},
      {"No", Bits({T::kOtherNumber})},
      {"P", Bits({T::kPunctuation})},
      {"S", Bits({T::kSymbol})},
      {"Z", Bits({T::kSeparator})}};
  const auto at = known->find(name);
  return at == known->end() ? 0 : at->second;
}

Status Unknown(const std::string& what) { return MakeError(ErrorCode::kBadValue, "has " + what); }

class PatternParser {
 public:
  explicit PatternParser(std::string_view pattern) : text_(pattern) {}

  Result<std::vector<Sequence>> Parse() {
    ARROW_ASSIGN_OR_RAISE(auto branches, Branches(0));
    if (at_ < text_.size()) return Unknown("a `)` too many");
    return branches;
  }

 private:
  bool Ahead(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  bool Take(std::string_view what) {
    if (!Ahead(what)) return false;
    at_ += what.size();
    return true;
  }

  Result<std::vector<Sequence>> Branches(int depth) {
    if (depth > kDepthMax) return Unknown("too many groups within each other");
    std::vector<Sequence> branches(1);
    while (at_ < text_.size() && text_[at_] != ')') {
      if (Take("|")) {
        branches.emplace_back();
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(Part part, OnePart(depth));
      ARROW_RETURN_NOT_OK(Repeats(&part));
      branches.back().push_back(std::move(part));
    }
    return branches;
  }

  Result<Part> OnePart(int depth) {
    if (Take("(")) return Group(depth);
    Part part;
    if (Take("[")) {
      ARROW_ASSIGN_OR_RAISE(part.set, Class(0));
    } else if (Take(".")) {
      part.set.AddRange('\n', '\n');
      part.set.Negate();
    } else if (Take("\\")) {
      bool is_set = false;
      char32_t code = 0;
      ARROW_RETURN_NOT_OK(Escape(&part.set, &is_set, &code));
      if (!is_set) ARROW_RETURN_NOT_OK(AddChar(code, &part.set));
    } else {
      const char sign = text_[at_];
      if (std::string_view("*+?{}]^$").find(sign) != std::string_view::npos) {
        return Unknown(std::string("a `") + sign + "` in a place where it is not supported");
      }
      ARROW_RETURN_NOT_OK(AddChar(NextCodePoint(text_, &at_), &part.set));
    }
    part.set.Finish();
    return part;
  }

  Result<Part> Group(int depth) {
    Part part;
    part.kind = Part::kGroup;
    const bool outer = ignore_case_;
    if (Take("?=")) {
      part.kind = Part::kFollows;
    } else if (Take("?!")) {
      part.kind = Part::kFollowsNot;
    } else if (Take("?i:")) {
      ignore_case_ = true;
      ARROW_RETURN_NOT_OK(CheckFolds());
    } else if (Ahead("?") && !Take("?:")) {
      return Unknown("a group `(" + std::string(text_.substr(at_, 3)) + "`");
    }
    ARROW_ASSIGN_OR_RAISE(part.branches, Branches(depth + 1));
    ignore_case_ = outer;
    if (!Take(")")) return Unknown("a `(` without its `)`");
    return part;
  }

  // Two letters that one character folds to (as U+FB00 does to ff).
  Status CheckFolds() const {
    const std::string_view rest = text_.substr(at_, text_.find(')', at_) - at_);
    for (const std::string_view pair : {"ss", "ff", "fi", "fl", "st"}) {
      if (rest.find(pair) != std::string_view::npos) {
        return Unknown("`" + std::string(pair) + "` in a group that ignores case");
      }
    }
    return Status::OK();
  }

  Status AddChar(char32_t code, CharSet* set) const {
    set->AddRange(code, code);
    if (!ignore_case_) return Status::OK();
    if (code >= 128) return Unknown("letters beyond ASCII in a group that ignores case");
    const char32_t lower = code | 0x20;
    if (lower < 'a' || lower > 'z') return Status::OK();
    set->AddRange(lower, lower);
    set->AddRange(lower ^ 0x20, lower ^ 0x20);
    if (lower == 's') set->AddRange(0x17F, 0x17F);
    if (lower == 'k') set->AddRange(0x212A, 0x212A);
    return Status::OK();
  }

  Status Repeats(Part* part) {
    if (Take("?")) {
      part->min = 0;
    } else if (Take("*")) {
      part->min = 0;
      part->max = kNoMax;
    } else if (Take("+")) {
      part->max = kNoMax;
    } else if (Take("{")) {
      ARROW_RETURN_NOT_OK(Bounds(part));
      if (Ahead("+") || Ahead("*") || Ahead("{")) return Unknown("a repetition of a repetition");
    } else {
      return Status::OK();
    }
    part->possessive = Take("+");
    if (Ahead("?")) return Unknown("a repetition that takes as little as it can");
    if (Ahead("*") || Ahead("+") || Ahead("{")) return Unknown("a repetition of a repetition");
    if (part->kind == Part::kSet) return Status::OK();
    if (part->kind != Part::kGroup || part->possessive || part->max > kGroupRepeatsMax) {
      return Unknown("a group that is repeated without end");
    }
    return Status::OK();
  }

  Status Bounds(Part* part) {
    const auto number = [this](uint32_t* value) {
      bool any = false;
      for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && *value < 100000;
           ++at_) {
        *value = *value * 10 + static_cast<uint32_t>(text_[at_] - '0');
        any = true;
      }
      return any;
    };
    uint32_t min = 0, max = 0;
    const bool has_min = number(&min);
    bool has_max = has_min;
    if (Take(",")) {
      has_max = number(&max);
      if (!has_max) max = kNoMax;
      has_max = true;
    } else {
      max = min;
    }
    if (!Take("}") || !has_max || max < min || max == 0 || (!has_min && max == kNoMax)) {
      return Unknown("a `{` that is no number of repetitions");
    }
    part->min = min;
    part->max = max;
    return Status::OK();
  }

  // Behind a backslash.
  Status Escape(CharSet* set, bool* is_set, char32_t* code) {
    if (at_ >= text_.size()) return Unknown("a backslash at its end");
    const char sign = text_[at_++];
    *is_set = false;
    switch (sign) {
      case 'n':
        *code = '\n';
        return Status::OK();
      case 'r':
        *code = '\r';
        return Status::OK();
      case 't':
        *code = '\t';
        return Status::OK();
      case 'v':
        *code = '\v';
        return Status::OK();
      case 'f':
        *code = '\f';
        return Status::OK();
      case 'u':
      case 'x':
        return Number(sign, code);
      default:
        break;
    }
    const bool letter = (sign | 0x20) >= 'a' && (sign | 0x20) <= 'z';
    if (!letter && (sign < '0' || sign > '9') && static_cast<unsigned char>(sign) < 128) {
      *code = static_cast<unsigned char>(sign);
      return Status::OK();
    }
    *is_set = true;
    return SetOf(sign, set);
  }

  Status Number(char sign, char32_t* code) {
    const bool braces = sign == 'x' && Take("{");
    const size_t digits_max = braces ? 8 : sign == 'u' ? 4 : 2;
    uint32_t value = 0;
    size_t digits = 0;
    for (; digits < digits_max && at_ < text_.size(); ++digits, ++at_) {
      const char c = text_[at_];
      const int digit = c >= '0' && c <= '9'                     ? c - '0'
                        : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                 : -1;
      if (digit < 0) break;
      value = value << 4 | static_cast<uint32_t>(digit);
    }
    const bool whole = braces ? digits > 0 && Take("}") : digits == digits_max;
    if (!whole || value > 0x10FFFF || (sign == 'x' && !braces && value > 127)) {
      return Unknown(std::string("a `\\") + sign + "` that is no character");
    }
    *code = value;
    return Status::OK();
  }

  Status SetOf(char sign, CharSet* set) {
    CharSet found;
    if (sign == 'p' || sign == 'P') {
      const size_t end = text_.find('}', at_);
      if (!Take("{") || end == std::string_view::npos) return Unknown("a property without a name");
      if (Take("^")) found.Negate();
      const std::string name(text_.substr(at_, end - at_));
      at_ = end + 1;
      const uint32_t categories = CategoriesOf(name);
      if (categories == 0 && name != "Han") return Unknown("the property `" + name + "`");
      found.AddCategories(categories);
      if (name == "Han") found.AddTraits(CharTable::kHan);
    } else if (sign == 's' || sign == 'S') {
      found.AddSpace();
    } else if (sign == 'd' || sign == 'D') {
      found.AddCategories(Bits({CharTable::kDecimal}));
    } else if (sign == 'w' || sign == 'W') {
      found.AddTraits(CharTable::kPatternWord);
    } else {
      return Unknown(std::string("a `\\") + sign + "`");
    }
    if (sign == 'P' || sign == 'S' || sign == 'D' || sign == 'W') found.Negate();
    if (ignore_case_) return Unknown("a set in a group that ignores case");
    set->AddSet(std::move(found));
    return Status::OK();
  }

  // Behind a `[`.
  Result<CharSet> Class(int depth) {
    if (depth > kDepthMax) return Unknown("too many sets within each other");
    CharSet set;
    if (Take("^")) {
      if (ignore_case_) return Unknown("a `[^` in a group that ignores case");
      set.Negate();
    }
    bool any = false;
    while (!Take("]")) {
      if (at_ >= text_.size()) return Unknown("a `[` without its `]`");
      if (Ahead("&&")) return Unknown("a `&&`");
      if (Ahead("[:")) return Unknown("a `[:`");
      any = true;
      if (Take("[")) {
        ARROW_ASSIGN_OR_RAISE(CharSet inner, Class(depth + 1));
        set.AddSet(std::move(inner));
        continue;
      }
      bool is_set = false;
      char32_t first = 0;
      ARROW_RETURN_NOT_OK(ClassItem(&set, &is_set, &first));
      if (is_set) continue;
      // A `-` at the end is itself.
      if (!Ahead("-") || Ahead("-]")) {
        ARROW_RETURN_NOT_OK(AddChar(first, &set));
        continue;
      }
      ++at_;
      char32_t last = 0;
      if (Ahead("[")) return Unknown("a range that ends in a set");
      ARROW_RETURN_NOT_OK(ClassItem(&set, &is_set, &last));
      if (is_set || last < first) return Unknown("a range that is none");
      if (ignore_case_) {
        for (char32_t code = first; code <= last && code < 256; ++code) {
          ARROW_RETURN_NOT_OK(AddChar(code, &set));
        }
      }
      set.AddRange(first, last);
    }
    if (!any) return Unknown("an empty set");
    return set;
  }

  Status ClassItem(CharSet* set, bool* is_set, char32_t* code) {
    if (Take("\\")) return Escape(set, is_set, code);
    if (at_ >= text_.size()) return Unknown("a `[` without its `]`");
    *code = NextCodePoint(text_, &at_);
    return Status::OK();
  }

  std::string_view text_;
  size_t at_ = 0;
  bool ignore_case_ = false;
};

}  // namespace

class PatternCompiler {
 public:
  Result<SplitPattern> Compile(const std::vector<Sequence>& branches) {
    // The first node is where a match begins, so it is made first and filled last.
    Add({}, Beginning());
    const int end = AddEnd();
    ARROW_ASSIGN_OR_RAISE(const int begin, Any(branches, end));
    out_.nodes_[0] = out_.nodes_[static_cast<size_t>(begin)];
    if (beginnings_[static_cast<size_t>(begin)].empty) return Unknown("a match of no characters");
    return std::move(out_);
  }

 private:
  using Node = SplitPattern::Node;

  /// How a match of what begins at a node can begin: with which of ASCII's characters, and whether
  /// it can have none at all.
  struct Beginning {
    uint64_t ascii[2] = {0, 0};
    bool empty = false;
    bool Has(char32_t code) const { return (ascii[code >> 6] >> (code & 63) & 1) != 0; }
    void Add(const Beginning& other) {
      ascii[0] |= other.ascii[0];
      ascii[1] |= other.ascii[1];
      empty |= other.empty;
    }
  };

  int Add(Node node, const Beginning& beginning) {
    out_.nodes_.push_back(std::move(node));
    beginnings_.push_back(beginning);
    return static_cast<int>(out_.nodes_.size()) - 1;
  }
  int AddEnd() {
    Beginning any;
    any.ascii[0] = any.ascii[1] = ~uint64_t{0};
    any.empty = true;
    return Add({}, any);
  }
  const Beginning& BeginningOf(int node) const { return beginnings_[static_cast<size_t>(node)]; }

  Result<int> Any(const std::vector<Sequence>& branches, int next) {
    if (++groups_ > kNodesMax) return Unknown("too many parts");  // some make no node
    if (branches.size() == 1) return InOrder(branches[0], next);
    Node node;
    node.kind = Node::kAny;
    for (const Sequence& branch : branches) {
      ARROW_ASSIGN_OR_RAISE(const int begin, InOrder(branch, next));
      node.branches.push_back(begin);
    }
    return AddAny(std::move(node));
  }

  int AddAny(Node node) {
    Beginning all;
    for (const int branch : node.branches) all.Add(BeginningOf(branch));
    if (node.branches.size() <= 32) {
      node.by_ascii.resize(128);
      for (size_t i = 0; i < node.branches.size(); ++i) {
        for (char32_t code = 0; code < 128; ++code) {
          if (BeginningOf(node.branches[i]).Has(code)) node.by_ascii[code] |= 1u << i;
        }
      }
    }
    return Add(std::move(node), all);
  }

  Result<int> InOrder(const Sequence& parts, int next) {
    for (size_t i = parts.size(); i-- > 0;) {
      ARROW_ASSIGN_OR_RAISE(next, One(parts[i], next));
    }
    return next;
  }

  Result<int> One(const Part& part, int next) {
    if (out_.nodes_.size() > kNodesMax) return Unknown("too many parts");
    Node node;
    node.next = next;
    switch (part.kind) {
      case Part::kSet: {
        node.kind = part.min == 1 && part.max == 1 ? Node::kOne : Node::kRepeat;
        node.min = part.min;
        node.max = part.max;
        node.possessive = part.possessive;
        node.set = static_cast<int>(out_.sets_.size());
        out_.sets_.push_back(part.set);
        Beginning beginning;
        for (char32_t code = 0; code < 128; ++code) {
          if (part.set.Contains(code)) beginning.ascii[code >> 6] |= uint64_t{1} << (code & 63);
        }
        if (part.min == 0) beginning.Add(BeginningOf(next));
        return Add(std::move(node), beginning);
      }
      case Part::kFollows:
      case Part::kFollowsNot: {
        node.kind = part.kind == Part::kFollows ? Node::kFollows : Node::kFollowsNot;
        ARROW_ASSIGN_OR_RAISE(const int inner, Any(part.branches, AddEnd()));
        node.branches = {inner};
        return Add(std::move(node), Beginning(BeginningOf(next)));
      }
      case Part::kGroup:
        break;
    }
    for (uint32_t i = part.min; i < part.max; ++i) {
      Node either;
      either.kind = Node::kAny;
      ARROW_ASSIGN_OR_RAISE(const int inner, Any(part.branches, next));
      either.branches = {inner, node.next};
      next = AddAny(std::move(either));
    }
    for (uint32_t i = 0; i < part.min; ++i) {
      ARROW_ASSIGN_OR_RAISE(next, Any(part.branches, next));
    }
    return next;
  }

  SplitPattern out_;
  std::vector<Beginning> beginnings_;  // of the nodes
  size_t groups_ = 0;
};

Result<SplitPattern> SplitPattern::Parse(std::string_view pattern) {
  const auto made = [&]() -> Result<SplitPattern> {
    ARROW_ASSIGN_OR_RAISE(const auto branches, PatternParser(pattern).Parse());
    return PatternCompiler().Compile(branches);
  }();
  if (made.ok()) return made;
  return MakeError(ErrorCode::kBadValue, "its pattern `" + CutText(pattern, 60) + "` " +
                                             made.status().message() + ", which is not supported");
}

}  // namespace millrace::op
