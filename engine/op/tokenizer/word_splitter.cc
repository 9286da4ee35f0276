#include "op/tokenizer/word_splitter.h"

#include <algorithm>
#include <array>

#include "op/text/code_points.h"
#include "op/tokenizer/char_table.h"

namespace millrace::op {
namespace {

// Printable characters of Latin-1 stand for themselves, all others for what follows U+0100.
bool StandsForItself(unsigned char byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct ByteChars {
  std::array<char32_t, 256> of_byte;
  std::array<int, 512> of_char;  // -1: none
};

const ByteChars& ByteCharsOf() {
  static const ByteChars chars = [] {
    ByteChars made;
    made.of_char.fill(-1);
    char32_t next = 256;
    for (size_t byte = 0; byte < 256; ++byte) {
      const bool itself = StandsForItself(static_cast<unsigned char>(byte));
      made.of_byte[byte] = itself ? static_cast<char32_t>(byte) : next++;
      made.of_char[made.of_byte[byte]] = static_cast<int>(byte);
    }
    return made;
  }();
  return chars;
}

// Spans for the characters for which `is` holds, and for what is between them.
template <typename Is>
void SpansOf(std::string_view piece, const Is& is, std::vector<WordSplitter::Span>* spans) {
  size_t last = 0;
  for (size_t at = 0; at < piece.size();) {
    const size_t begin = at;
    if (!is(NextCodePoint(piece, &at))) continue;
    if (last < begin) spans->push_back({last, begin, false});
    spans->push_back({begin, at, true});
    last = at;
  }
  if (last < piece.size()) spans->push_back({last, piece.size(), false});
}

}  // namespace

char32_t CharOfByte(unsigned char byte) { return ByteCharsOf().of_byte[byte]; }

bool BytesOfChars(std::string_view text, std::string* out) {
  const ByteChars& chars = ByteCharsOf();
  out->clear();
  for (size_t at = 0; at < text.size();) {
    const char32_t code = NextCodePoint(text, &at);
    if (code >= chars.of_char.size() || chars.of_char[code] < 0) return false;
    out->push_back(static_cast<char>(chars.of_char[code]));
  }
  return true;
}

void WordSplitter::Split(std::string_view piece, bool at_zero, Scratch* scratch,
                         WordSink* words) const {
  scratch->resize(steps_.size());
  Run(0, piece, at_zero, scratch, words);
}

void WordSplitter::Run(size_t index, std::string_view piece, bool at_zero, Scratch* scratch,
                       WordSink* words) const {
  if (piece.empty()) return;
  if (index == steps_.size()) {
    words->Add(piece);
    return;
  }
  const Step& step = steps_[index];
  StepScratch& own = (*scratch)[index];
  switch (step.kind) {
    case Step::kPrefixSpace:
      if (piece[0] != ' ') {
        own.text.clear();
        own.text += ' ';
        own.text += piece;
        piece = own.text;
      }
      Run(index + 1, piece, at_zero, scratch, words);
      return;
    case Step::kBytes:
      own.text.clear();
      for (const char c : piece)
        AppendCodePoint(CharOfByte(static_cast<unsigned char>(c)), &own.text);
      Run(index + 1, own.text, at_zero, scratch, words);
      return;
    case Step::kMetaspace: {
      own.text.clear();
      const bool starts = piece[0] == ' ' || piece.substr(0, step.text.size()) == step.text;
      if (!starts && (step.prepend == Step::kAlways || (step.prepend == Step::kFirst && at_zero))) {
        own.text += step.text;
      }
      for (const char c : piece) {
        if (c == ' ') {
          own.text += step.text;
        } else {
          own.text += c;
        }
      }
      const std::string_view all = own.text;
      if (!step.split) {
        Run(index + 1, all, at_zero, scratch, words);
        return;
      }
      // Each mark begins a word.
      for (size_t begin = 0; begin < all.size();) {
        const size_t end = std::min(all.find(step.text, begin + 1), all.size());
        Run(index + 1, all.substr(begin, end - begin), at_zero && begin == 0, scratch, words);
        begin = end;
      }
      return;
    }
    case Step::kPattern:
      if (step.behavior == Behavior::kIsolated) {
        size_t last = 0;
        const auto next = [&](size_t begin, size_t end) {
          if (begin < end) {
            Run(index + 1, piece.substr(begin, end - begin), at_zero && begin == 0, scratch, words);
          }
        };
        step.pattern.ForMatches(piece, [&](size_t begin, size_t end) {
          next(last, begin);
          next(begin, end);
          last = end;
        });
        next(last, piece.size());
        return;
      }
      break;
    default:
      break;
  }
  own.spans.clear();
  FindSpans(step, piece, &own.spans);
  if (step.invert) {
    for (Span& span : own.spans) span.matches = !span.matches;
  }
  Cut(step.behavior, own.spans, &own.cut);
  for (const Span& span : own.cut) {
    if (span.begin == span.end) continue;
    Run(index + 1, piece.substr(span.begin, span.end - span.begin), at_zero && span.begin == 0,
        scratch, words);
  }
}

void WordSplitter::FindSpans(const Step& step, std::string_view piece, std::vector<Span>* spans) {
  const CharTable& table = CharTable::Of();
  size_t last = 0;
  const auto found = [&](size_t begin, size_t end) {
    if (last < begin) spans->push_back({last, begin, false});
    spans->push_back({begin, end, true});
    last = end;
  };
  switch (step.kind) {
    case Step::kSpaces:
      SpansOf(piece, IsSpace, spans);
      return;
    case Step::kPunctuation:
      SpansOf(
          piece, [&](char32_t code) { return table.Has(code, CharTable::kPunctuated); }, spans);
      return;
    case Step::kDigits:
      SpansOf(
          piece, [&](char32_t code) { return table.Has(code, CharTable::kNumeric); }, spans);
      return;
    case Step::kChar:
    case Step::kText:
      for (size_t at = piece.find(step.text); at != std::string_view::npos;
           at = piece.find(step.text, at + step.text.size())) {
        found(at, at + step.text.size());
      }
      break;
    case Step::kWords:
      for (size_t at = 0; at < piece.size();) {
        const size_t begin = at;
        const char32_t code = NextCodePoint(piece, &at);
        const bool word = table.Has(code, CharTable::kWord);
        if (!word && IsSpace(code)) continue;
        while (at < piece.size()) {
          size_t behind = at;
          const char32_t next = NextCodePoint(piece, &behind);
          const bool next_word = table.Has(next, CharTable::kWord);
          if (next_word != word || (!next_word && IsSpace(next))) break;
          at = behind;
        }
        found(begin, at);
      }
      break;
    default:
      step.pattern.ForMatches(piece, found);
      break;
  }
  if (last < piece.size()) spans->push_back({last, piece.size(), false});
}

// What a word is made of, by what becomes of the matches.
void WordSplitter::Cut(Behavior behavior, const std::vector<Span>& spans, std::vector<Span>* out) {
  out->clear();
  bool previous = false;
  switch (behavior) {
    case Behavior::kIsolated:
      *out = spans;
      return;
    case Behavior::kRemoved:
      for (const Span& span : spans) {
        if (!span.matches) out->push_back(span);
      }
      return;
    case Behavior::kContiguous:
    case Behavior::kWithPrevious:
      for (const Span& span : spans) {
        const bool joins = behavior == Behavior::kContiguous ? span.matches == previous
                                                             : span.matches && !previous;
        if (joins && !out->empty()) {
          out->back().end = span.end;
        } else {
          out->push_back(span);
        }
        previous = span.matches;
      }
      return;
    case Behavior::kWithNext:
      for (size_t i = spans.size(); i-- > 0;) {
        const Span& span = spans[i];
        if (span.matches && !previous && !out->empty()) {
          out->back().begin = span.begin;
        } else {
          out->push_back(span);
        }
        previous = span.matches;
      }
      std::reverse(out->begin(), out->end());
      return;
  }
}

}  // namespace millrace::op
