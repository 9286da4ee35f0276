#include "io/csv/scanner.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace::io::csv {

void Structure::Clear() {
  positions.clear();
  text_after_quote.clear();
  line_ends = 0;
}

namespace {

bool CpuHasAvx2() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul");
  return has;
#else
  return false;
#endif
}

// Collects everything. Positions are written past the vector's size into reserved room, 64 at a
// time, and the size is corrected at the end.
class IndexSink {
 public:
  explicit IndexSink(Structure* out) : out_(out), count_(out->positions.size()) {
    out_->positions.resize(std::max(out_->positions.capacity(), count_ + 64));
  }
  ~IndexSink() { out_->positions.resize(count_); }

  [[gnu::always_inline]] void Block(size_t base, uint64_t structural, uint64_t line_ends) {
    if (count_ + 64 > out_->positions.size()) Grow();
    out_->line_ends += static_cast<size_t>(__builtin_popcountll(line_ends));
    uint32_t* to = out_->positions.data() + count_;
    const int bits = __builtin_popcountll(structural);
    const auto at = static_cast<uint32_t>(base);
    // Always eight, then eight more: no branch per bit for the usual density.
    for (int done = 0; done < bits; done += 8) {
      for (int i = 0; i < 8; ++i) {
        to[done + i] = at + static_cast<uint32_t>(__builtin_ctzll(structural | (1ULL << 63)));
        structural &= structural - 1;
      }
    }
    count_ += static_cast<size_t>(bits);
  }
  void Separator(size_t position, bool line_end) {
    if (count_ + 64 > out_->positions.size()) Grow();
    out_->positions[count_++] = static_cast<uint32_t>(position);
    out_->line_ends += line_end ? 1 : 0;
  }
  void TextAfterQuote(size_t position) {
    out_->text_after_quote.push_back(static_cast<uint32_t>(position));
  }

 private:
  void Grow() { out_->positions.resize(std::max<size_t>(4096, out_->positions.size() * 2)); }

  Structure* out_;
  size_t count_;
};

class CutSink {
 public:
  explicit CutSink(size_t* cut) : cut_(cut) {}
  [[gnu::always_inline]] void Block(size_t base, uint64_t, uint64_t line_ends) {
    if (line_ends != 0) *cut_ = base + 64 - static_cast<size_t>(__builtin_clzll(line_ends));
  }
  void Separator(size_t position, bool line_end) {
    if (line_end) *cut_ = position + 1;
  }
  void TextAfterQuote(size_t) {}

 private:
  size_t* cut_;
};

}  // namespace

Scanner::Scanner(const CsvDialect& dialect, bool force_exact)
    : delimiter_text_(dialect.delimiter),
      comment_(dialect.comment),
      delimiter_(dialect.delimiter[0]),
      quote_(dialect.quote),
      escape_(dialect.escape),
      newline_(dialect.newline == "\r" ? '\r' : '\n'),
      has_quote_(dialect.quote != '\0'),
      doubled_(dialect.escape == dialect.quote),
      crlf_(newline_ == '\n'),
      any_newline_(dialect.newline == kAnyNewline),
      fast_(!force_exact && CpuHasAvx2() && (!has_quote_ || doubled_) && comment_.empty() &&
            delimiter_text_.size() == 1 && !any_newline_),
      lookahead_(std::max({size_t{1}, delimiter_text_.size() - 1, comment_.size()})) {}

// A record starts at the start of the data or behind a line end.
bool Scanner::AtComment(const uint8_t* data, size_t i) const {
  if (i > 0 && !EndsLine(static_cast<char>(data[i - 1]))) return false;
  return std::memcmp(data + i, comment_.data(), comment_.size()) == 0;
}

Place Scanner::Index(const uint8_t* data, size_t from, size_t to, Place place,
                     Structure* out) const {
  IndexSink sink(out);
  return Scan(data, from, to, place, sink);
}

Place Scanner::FindCut(const uint8_t* data, size_t from, size_t to, Place place,
                       size_t* cut) const {
  CutSink sink(cut);
  return Scan(data, from, to, place, sink);
}

template <class Sink>
Place Scanner::Scan(const uint8_t* data, size_t from, size_t to, Place place, Sink& sink) const {
  return fast_ ? ScanAvx2(data, from, to, place, sink) : ScanExact(data, from, to, place, sink);
}

template <class Sink>
Place Scanner::ScanExact(const uint8_t* data, size_t from, size_t to, Place place,
                         Sink& sink) const {
  const size_t delimiter_rest = delimiter_text_.size() - 1;
  size_t i = from;
  if (place > Place::kInDelimiter) {
    const auto rest = static_cast<size_t>(place) - static_cast<size_t>(Place::kInDelimiter);
    if (rest > to - from) {
      return static_cast<Place>(static_cast<size_t>(place) - (to - from));
    }
    i += rest;
    place = Place::kFieldStart;
  }
  for (; i < to; ++i) {
    const char c = static_cast<char>(data[i]);
    switch (place) {
      case Place::kComment:
        if (!EndsLine(c) || (any_newline_ && c == '\r' && static_cast<char>(data[i + 1]) == '\n')) {
          continue;
        }
        break;
      case Place::kQuoted:
        if (!doubled_ && c == escape_) {
          place = Place::kEscaped;
        } else if (c == quote_) {
          place = Place::kAfterQuote;
        }
        continue;
      case Place::kEscaped:
        place = Place::kQuoted;
        continue;
      case Place::kAfterQuote:
        if (doubled_ && c == quote_) {
          place = Place::kQuoted;
          continue;
        }
        break;
      case Place::kFieldStart:
        if (!comment_.empty() && AtComment(data, i)) {
          place = Place::kComment;
          continue;
        }
        if (has_quote_ && c == quote_) {
          place = Place::kQuoted;
          continue;
        }
        break;
      case Place::kInDelimiter:
      case Place::kUnquoted:
        break;
    }
    const bool delimits =
        c == delimiter_ && place != Place::kComment &&
        (delimiter_rest == 0 ||
         std::memcmp(data + i + 1, delimiter_text_.data() + 1, delimiter_rest) == 0);
    const bool ends_line =
        c == newline_ || (any_newline_ && c == '\r' && static_cast<char>(data[i + 1]) != '\n');
    if (delimits || ends_line) {
      sink.Separator(i, ends_line);
      place = Place::kFieldStart;
      if (!delimits || delimiter_rest == 0) continue;
      const size_t skipped = std::min(delimiter_rest, to - i - 1);
      i += skipped;
      if (skipped < delimiter_rest) {
        place =
            static_cast<Place>(static_cast<size_t>(Place::kInDelimiter) + delimiter_rest - skipped);
      }
    } else if (place == Place::kAfterQuote) {
      const bool before_line_end = crlf_ && c == '\r' && static_cast<char>(data[i + 1]) == '\n';
      if (before_line_end) continue;
      sink.TextAfterQuote(i);
      place = Place::kUnquoted;
    } else {
      place = Place::kUnquoted;
    }
  }
  return place;
}

#if defined(__x86_64__)

#define MILLRACE_AVX2 __attribute__((target("avx2,pclmul,bmi,lzcnt,popcnt")))

namespace {

MILLRACE_AVX2 inline uint64_t Matches(__m256i low, __m256i high, __m256i wanted) {
  const auto l = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)));
  const auto h = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)));
  return l | (static_cast<uint64_t>(h) << 32);
}

// Bit i of the result is the parity of the bits 0..i: a carry-less product with all ones.
MILLRACE_AVX2 inline uint64_t PrefixXor(uint64_t bits) {
  const __m128i product =
      _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<int64_t>(bits)), _mm_set1_epi8('\xff'), 0);
  return static_cast<uint64_t>(_mm_cvtsi128_si64(product));
}

}  // namespace

template <class Sink>
MILLRACE_AVX2 Place Scanner::ScanAvx2(const uint8_t* data, size_t from, size_t to, Place place,
                                      Sink& sink) const {
  const __m256i quotes = _mm256_set1_epi8(quote_);
  const __m256i delimiters = _mm256_set1_epi8(delimiter_);
  const __m256i newlines = _mm256_set1_epi8(newline_);
  const __m256i returns = _mm256_set1_epi8('\r');
  // The place before a block as three carries: all ones inside quotes; 1 where a quote would open
  // a field; 1 just after a closing quote.
  uint64_t quoted = 0, may_open = 0, closed = 0;
  const auto load_carries = [&](Place at) {
    quoted = at == Place::kQuoted ? ~0ULL : 0;
    may_open = at == Place::kFieldStart || at == Place::kAfterQuote ? 1 : 0;
    closed = at == Place::kAfterQuote ? 1 : 0;
  };
  const auto place_of_carries = [&] {
    if (quoted != 0) return Place::kQuoted;
    if (closed != 0) return Place::kAfterQuote;
    return may_open != 0 ? Place::kFieldStart : Place::kUnquoted;
  };
  load_carries(place);
  size_t i = from;
  for (; i + 64 <= to; i += 64) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + i));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + i + 32));
    const uint64_t line_ends = Matches(low, high, newlines);
    const uint64_t separators = Matches(low, high, delimiters) | line_ends;
    const uint64_t q = has_quote_ ? Matches(low, high, quotes) : 0;
    if ((q | quoted | closed) == 0) {  // no quote near: everything is structure
      sink.Block(i, separators, line_ends);
      may_open = separators >> 63;
      continue;
    }
    const uint64_t inside = PrefixXor(q) ^ quoted;
    const uint64_t opening = q & inside;
    const uint64_t closing = q & ~inside;
    uint64_t after_quote_ok = separators | q;
    const uint64_t after_closing = (closing << 1) | closed;
    uint64_t wrong = opening & ~(((separators | closing) << 1) | may_open);
    if ((after_closing & ~after_quote_ok) != 0 && crlf_) {
      const uint64_t next = static_cast<char>(data[i + 64]) == newline_ ? 1ULL << 63 : 0;
      after_quote_ok |= Matches(low, high, returns) & ((line_ends >> 1) | next);
    }
    wrong |= after_closing & ~after_quote_ok;
    if (wrong != 0) {
      place = ScanExact(data, i, i + 64, place_of_carries(), sink);
      load_carries(place);
      continue;
    }
    sink.Block(i, separators & ~inside, line_ends & ~inside);
    quoted = static_cast<uint64_t>(static_cast<int64_t>(inside) >> 63);
    may_open = (separators | closing) >> 63;
    closed = closing >> 63;
  }
  return ScanExact(data, i, to, place_of_carries(), sink);
}

#else

template <class Sink>
Place Scanner::ScanAvx2(const uint8_t* data, size_t from, size_t to, Place place,
                        Sink& sink) const {
  return ScanExact(data, from, to, place, sink);
}

#endif

}  // namespace millrace::io::csv
