#include "op/text/text_quality.h"

#include <xxhash.h>

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "op/text/code_points.h"

namespace millrace::op {
namespace {

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string_view Trimmed(std::string_view text) {
  size_t begin = 0;
  while (begin < text.size()) {
    size_t next = begin;
    if (!IsSpace(NextCodePoint(text, &next))) break;
    begin = next;
  }
  size_t end = text.size();
  while (end > begin) {
    size_t last = end - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0u) == 0x80u) --last;
    size_t next = last;
    if (!IsSpace(NextCodePoint(text, &next))) break;
    end = last;
  }
  return text.substr(begin, end - begin);
}

/// Calls `visit` with each line that is not blank, without white space at its ends.
template <typename Visit>
void EachLine(std::string_view text, Visit visit) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = Trimmed(text.substr(begin, end - begin));
    if (!line.empty()) visit(line);
    begin = end + 1;
  }
}

/// As EachLine; paragraphs stand between blank lines.
template <typename Visit>
void EachParagraph(std::string_view text, Visit visit) {
  size_t first = std::string_view::npos;  // of the paragraph under way
  size_t behind = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (!Trimmed(text.substr(begin, end - begin)).empty()) {
      if (first == std::string_view::npos) first = begin;
      behind = end;
    } else if (first != std::string_view::npos) {
      visit(Trimmed(text.substr(first, behind - first)));
      first = std::string_view::npos;
    }
    begin = end + 1;
  }
  if (first != std::string_view::npos) visit(Trimmed(text.substr(first, behind - first)));
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}
bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

constexpr std::string_view kBullets[] = {"-",      "*",      "\u2022", "\u2023",
                                         "\u25AA", "\u25CB", "\u25CF", "\u25E6"};
constexpr std::string_view kEllipses[] = {"...", "\u2026"};
constexpr std::string_view kEndMarks[] = {
    ".",      "!",      "?",      "\"",     "\u00BB", "\u2019", "\u201D", "\u2026", "\u061F",
    "\u06D4", "\u0964", "\u0965", "\u3002", "\u300D", "\u300F", "\uFF01", "\uFF0E", "\uFF1F"};
constexpr int64_t kShortLineChars = 30;

constexpr std::string_view kStopWords[] = {"the", "be", "to", "of", "and", "that", "have", "with"};

// Which of kStopWords the word is, whatever its case and the marks around it; -1 for none.
int StopWord(std::string_view word) {
  const auto is_letter = [](char c) {
    const auto lower = static_cast<unsigned char>(c | 0x20);
    return lower >= 'a' && lower <= 'z';
  };
  while (!word.empty() && !is_letter(word.front()) && static_cast<signed char>(word.front()) >= 0) {
    word.remove_prefix(1);
  }
  while (!word.empty() && !is_letter(word.back()) && static_cast<signed char>(word.back()) >= 0) {
    word.remove_suffix(1);
  }
  if (word.size() < 2 || word.size() > 4) return -1;
  for (size_t i = 0; i < std::size(kStopWords); ++i) {
    if (word.size() == kStopWords[i].size() &&
        std::equal(word.begin(), word.end(), kStopWords[i].begin(),
                   [](char a, char b) { return (a | 0x20) == b; })) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

/// Calls `visit` with each run between white space.
template <typename Visit>
void EachWord(std::string_view text, Visit visit) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t before = at;
    if (!IsSpace(NextCodePoint(text, &at))) continue;
    if (before > begin) visit(text.substr(begin, before - begin));
    begin = at;
  }
  if (begin < text.size()) visit(text.substr(begin));
}

int64_t Count(std::string_view text, std::string_view what) {
  int64_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

// As in text_stats: letters beyond ASCII are all code points from U+00C0 on.
bool HasLetter(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    const unsigned char lower = byte | 0x20u;
    return (lower >= 'a' && lower <= 'z') || byte >= 0xC3;
  });
}

uint64_t HashOf(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

// Of a row of words: the order counts.
uint64_t Joined(uint64_t hash, uint64_t next) {
  hash = (hash ^ next) * 0x9E3779B97F4A7C15u;
  return hash ^ hash >> 29;
}

}  // namespace

LineQuality QualityMeter::Lines(std::string_view text) {
  int64_t lines = 0, bullets = 0, ellipses = 0, ended = 0, shorts = 0;
  EachLine(text, [&](std::string_view line) {
    const auto starts = [line](std::string_view mark) { return StartsWith(line, mark); };
    const auto ends = [line](std::string_view mark) { return EndsWith(line, mark); };
    ++lines;
    bullets += std::any_of(std::begin(kBullets), std::end(kBullets), starts);
    ellipses += std::any_of(std::begin(kEllipses), std::end(kEllipses), ends);
    ended += std::any_of(std::begin(kEndMarks), std::end(kEndMarks), ends);
    shorts += CodePoints(line) <= kShortLineChars;
  });
  return {Share(bullets, lines), Share(ellipses, lines), Share(ended, lines), Share(shorts, lines)};
}

WordQuality QualityMeter::Words(std::string_view text) {
  int64_t words = 0, chars = 0, alphabetic = 0;
  std::array<bool, std::size(kStopWords)> seen{};
  EachWord(text, [&](std::string_view word) {
    ++words;
    chars += CodePoints(word);
    alphabetic += HasLetter(word);
    const int stop_word = StopWord(word);
    if (stop_word >= 0) seen[static_cast<size_t>(stop_word)] = true;
  });
  const int64_t ellipses = Count(text, kEllipses[0]) + Count(text, kEllipses[1]);
  return {Share(chars, words), Share(alphabetic, words), Share(Count(text, "#"), words),
          Share(ellipses, words), std::count(seen.begin(), seen.end(), true)};
}

RepetitionQuality QualityMeter::Repetition(std::string_view text) {
  RepetitionQuality found;
  const int64_t chars = CodePoints(text);
  const auto lines_max = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const auto repeats = [&](auto each, double* share, double* char_share) {
    ClearTable(lines_max);
    int64_t all = 0, again = 0, chars_again = 0;
    each(text, [&](std::string_view part) {
      ++all;
      if (Find(HashOf(part)).count++ == 0) return;
      ++again;
      chars_again += CodePoints(part);
    });
    *share = Share(again, all);
    *char_share = Share(chars_again, chars);
  };
  repeats([](auto t, auto visit) { EachLine(t, visit); }, &found.lines, &found.line_chars);
  repeats([](auto t, auto visit) { EachParagraph(t, visit); }, &found.paragraphs,
          &found.paragraph_chars);
  ReadWords(text);
  for (size_t i = 0; i < found.top.size(); ++i) found.top[i] = Top(i + 2, chars);
  for (size_t i = 0; i < found.repeated.size(); ++i) found.repeated[i] = Repeated(i + 5, chars);
  return found;
}

void QualityMeter::ReadWords(std::string_view text) {
  words_.clear();
  EachWord(text, [&](std::string_view word) {
    words_.push_back({HashOf(word), CodePoints(word)});
  });
}

void QualityMeter::ClearTable(size_t entries_max) {
  size_t size = 16;
  while (size < 2 * entries_max) size *= 2;
  table_.assign(size, {});
  mask_ = size - 1;
}

// The entry of the hash; a new one has it set and the count 0.
QualityMeter::Entry& QualityMeter::Find(uint64_t hash) {
  size_t at = hash & mask_;
  while (table_[at].count > 0 && table_[at].hash != hash) at = (at + 1) & mask_;
  table_[at].hash = hash;
  return table_[at];
}

// The first of the most frequent, joined by blanks.
double QualityMeter::Top(size_t n, int64_t chars) {
  if (words_.size() < n) return 0;
  const size_t grams = words_.size() - n + 1;
  ClearTable(grams);
  const auto gram = [&](size_t at, int64_t* length) {
    uint64_t hash = 0;
    *length = static_cast<int64_t>(n) - 1;
    for (size_t i = at; i < at + n; ++i) {
      hash = Joined(hash, words_[i].hash);
      *length += words_[i].chars;
    }
    return hash;
  };
  int64_t length = 0;
  int32_t most = 0;
  for (size_t at = 0; at < grams; ++at) most = std::max(most, ++Find(gram(at, &length)).count);
  for (size_t at = 0; at < grams; ++at) {
    if (Find(gram(at, &length)).count == most) return Share(length * most, chars);
  }
  return 0;
}

// An n-gram that was there before is stepped over, so that none of its words counts twice.
double QualityMeter::Repeated(size_t n, int64_t chars) {
  if (words_.size() < n) return 0;
  ClearTable(words_.size() - n + 1);
  int64_t again = 0;
  for (size_t at = 0; at + n <= words_.size();) {
    uint64_t hash = 0;
    int64_t length = 0;
    for (size_t i = at; i < at + n; ++i) {
      hash = Joined(hash, words_[i].hash);
      length += words_[i].chars;
    }
    Entry& entry = Find(hash);
    if (entry.count > 0) {
      again += length;
      at += n;
    } else {
      entry.count = 1;
      ++at;
    }
  }
  return Share(again, chars);
}

}  // namespace millrace::op
