// What published filters of web text ask of a text: its lines, its words, and how much it repeats.
// The definitions are those of Gopher (Rae et al., 2021, appendix A1), C4 (Raffel et al., 2020) and
// FineWeb (Penedo et al., 2024), with words that are runs between white space.
//
// Thread-safety: one QualityMeter per thread. Linear in the text, in memory as well.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::op {

/// Shares are of 1; those of characters are of all code points of the text. 0 where there is
/// nothing to share. Lines and paragraphs that are all white space do not count.
struct LineQuality {
  double bullets = 0;      // of lines, that begin with a bullet
  double ellipses = 0;     // of lines, that end with an ellipsis
  double punctuation = 0;  // of lines, that end with a full stop, question mark, quote, ...
  double shorts = 0;       // of lines, of at most 30 code points
};

struct WordQuality {
  double length = 0;       // mean, in code points
  double alphabetic = 0;   // share of words with a letter
  double hashes = 0;       // `#` per word
  double ellipses = 0;     // `...` and `…` per word
  int64_t stop_words = 0;  // how many of eight frequent English words there are
};

struct RepetitionQuality {
  double lines = 0, line_chars = 0;            // share of lines, and of characters in them, that
  double paragraphs = 0, paragraph_chars = 0;  // were there before
  /// Of characters: in the most frequent n-gram of 2, 3 and 4 words.
  std::array<double, 3> top = {};
  /// Of characters: in n-grams of 5 to 10 words that were there before.
  std::array<double, 6> repeated = {};
};

class QualityMeter {
 public:
  LineQuality Lines(std::string_view text);
  WordQuality Words(std::string_view text);
  RepetitionQuality Repetition(std::string_view text);

 private:
  struct Word {
    uint64_t hash = 0;
    int64_t chars = 0;
  };
  struct Entry {
    uint64_t hash = 0;
    int32_t count = 0;  // 0: free
  };

  void ReadWords(std::string_view text);
  void ClearTable(size_t entries_max);
  Entry& Find(uint64_t hash);
  double Top(size_t n, int64_t chars);
  double Repeated(size_t n, int64_t chars);

  std::vector<Word> words_;
  std::vector<Entry> table_;
  size_t mask_ = 0;
};

}  // namespace millrace::op
