// What the parts of a tokenizer.json think of a code point: each as its own library does, of other
// versions of Unicode than that of utf8proc.
//
// Thread-safety: any thread may call. The tables are built by the first call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::op {

class CharTable {
 public:
  /// As patterns know it. kMark: those that are no kNonspacing.
  enum Category : uint8_t {
    kNone,
    kUpper,
    kLower,
    kTitle,
    kModifier,
    kOtherLetter,
    kNonspacing,
    kMark,
    kDecimal,
    kLetterNumber,
    kOtherNumber,
    kPunctuation,
    kSymbol,
    kSeparator,
  };
  enum Trait : uint16_t {
    kNumeric = 1 << 4,      // of Digits
    kPunctuated = 1 << 5,   // of Punctuation and BertPreTokenizer
    kControl = 1 << 6,      // what BertNormalizer removes from all texts
    kWord = 1 << 7,         // of Whitespace, and around an added token
    kPatternWord = 1 << 8,  // `\w` of a pattern
    kAccent = 1 << 9,       // what BertNormalizer takes for an accent
    kCombining = 1 << 10,   // what StripAccents removes
    kInert = 1 << 11,       // the same in all normal forms, whatever stands around it
    kHan = 1 << 12,
  };

  static const CharTable& Of();

  uint16_t TraitsOf(char32_t code) const {
    return blocks_[static_cast<size_t>(block_of_[code >> 8]) << 8 | (code & 0xFF)];
  }
  bool Has(char32_t code, Trait trait) const { return (TraitsOf(code) & trait) != 0; }
  Category CategoryOf(char32_t code) const { return static_cast<Category>(TraitsOf(code) & 0xF); }

  /// Appends the lower case of a code point.
  void AppendLower(char32_t code, std::string* out) const;

 private:
  CharTable();

  std::vector<uint16_t> blocks_;    // of 256 code points each
  std::vector<uint16_t> block_of_;  // by the code point's upper bits
  std::vector<int32_t> lower_;      // up to the last one that has a lower case: what is added
};

}  // namespace millrace::op
