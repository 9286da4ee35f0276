// The smallest parts that a text is cut into, each with what it counts for: words, pieces of long
// words, sentences. Nothing is lost: the parts joined are the text.
//
// Thread-safety: pure functions. Linear in the text.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::op {

struct TextUnit {
  size_t end = 0;      // in bytes; it begins where the unit before it ends
  int64_t weight = 0;  // never more than the bound that was given
};

/// Words with the white space behind them, weighed by code points. A word of more than a quarter of
/// `bound` is cut there.
std::vector<TextUnit> CharacterUnits(std::string_view text, int64_t bound);

/// Words with the white space behind them, weighed as in approx_tokens.h. A word of more than a
/// quarter of `bound` is cut into pieces. REQUIRES: bound >= kPieceTokensMax * kTokenWeight.
std::vector<TextUnit> TokenUnits(std::string_view text, int64_t bound);

/// Sentences, each of weight 1: to a full stop, question or exclamation mark and the quotes and
/// brackets that follow it, where white space comes next; to one of those marks of Chinese and
/// Japanese; or to an empty line. It knows no abbreviations.
std::vector<TextUnit> SentenceUnits(std::string_view text);

}  // namespace millrace::op
