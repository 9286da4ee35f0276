#include "op/text/normal_form.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/status.h"
#include "op/text/code_points.h"
#include "op/tokenizer/char_table.h"

namespace millrace::op {
namespace {

constexpr char32_t kCodePoints = 0x110000;
// The longest decomposition has 18 code points (U+FDFA).
constexpr size_t kDecomposedMax = 32;

using Decomposed = std::array<utf8proc_int32_t, kDecomposedMax>;

/// Code points that have no part in normal forms, though utf8proc knows them; null for none.
using Inert = bool (*)(char32_t code);

bool IsInertInTokenizers(char32_t code) { return CharTable::Of().Has(code, CharTable::kInert); }

size_t Decompose(char32_t code, utf8proc_option_t options, Inert inert, Decomposed* out) {
  if (inert != nullptr && inert(code)) {
    (*out)[0] = static_cast<utf8proc_int32_t>(code);
    return 1;
  }
  int last_class = 0;
  const utf8proc_ssize_t length = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(code), out->data(), kDecomposedMax, options, &last_class);
  MILLRACE_CHECK(length >= 0 && length <= static_cast<utf8proc_ssize_t>(kDecomposedMax));
  return static_cast<size_t>(length);
}

constexpr utf8proc_option_t kCanonical =
    static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE);
constexpr utf8proc_option_t kCompatible =
    static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE | UTF8PROC_COMPAT);
constexpr utf8proc_option_t kCompose =
    static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);

int CombiningClass(char32_t code, Inert inert) {
  if (inert != nullptr && inert(code)) return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class;
}

/// Of each code point whether it stays as it is whatever stands around it.
class StableCodePoints {
 public:
  StableCodePoints(utf8proc_option_t decompose, bool composes, Inert inert)
      : stable_(kCodePoints, true) {
    // What can be joined to something before it stands behind the first place of a decomposition.
    std::vector<bool> joins(kCodePoints, false);
    Decomposed parts;
    const auto each = [](auto&& visit) {
      for (char32_t code = 0x80; code < kCodePoints; ++code) {
        const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
        if (category != UTF8PROC_CATEGORY_CN && category != UTF8PROC_CATEGORY_CO &&
            category != UTF8PROC_CATEGORY_CS) {
          visit(code);
        }
      }
    };
    each([&](char32_t code) {
      const size_t length = Decompose(code, kCanonical, inert, &parts);
      for (size_t i = 1; i < length; ++i) joins[static_cast<size_t>(parts[i])] = true;
    });
    each([&](char32_t code) {
      if (inert != nullptr && inert(code)) return;
      const size_t length = Decompose(code, decompose, inert, &parts);
      const auto first = static_cast<size_t>(parts[0]);
      const bool combines = CombiningClass(code, inert) != 0 || joins[code] || joins[first];
      const bool same = !combines && (length == 1 ? parts[0] == static_cast<utf8proc_int32_t>(code)
                                                  : composes && Composed(&parts, length) == code);
      stable_[code] = same;
    });
  }

  bool operator[](char32_t code) const { return stable_[code]; }

 private:
  // The code point that the parts join to; 0 when they remain several.
  static char32_t Composed(Decomposed* parts, size_t length) {
    const utf8proc_ssize_t joined =
        utf8proc_normalize_utf32(parts->data(), static_cast<utf8proc_ssize_t>(length), kCompose);
    return joined == 1 ? static_cast<char32_t>((*parts)[0]) : 0;
  }

  std::vector<bool> stable_;
};

/// What a form is made by.
struct Way {
  utf8proc_option_t decompose;
  bool composes;
  Inert inert;
  unsigned char first_byte;  // no code point whose first byte is below it changes
  const StableCodePoints* stable;
};

template <bool kCompatibility, bool kComposes, bool kOfTokenizers>
const Way& WayOf() {
  constexpr utf8proc_option_t kDecompose = kCompatibility ? kCompatible : kCanonical;
  constexpr Inert kInert = kOfTokenizers ? IsInertInTokenizers : nullptr;
  // Below U+0300 nothing changes in NFC, below U+00C0 nothing in NFD, below U+00A0 nothing at all.
  constexpr unsigned char kFirst = kCompatibility ? 0xC2 : kComposes ? 0xCC : 0xC3;
  static const Way way = {kDecompose, kComposes, kInert, kFirst,
                          new StableCodePoints(kDecompose, kComposes, kInert)};
  return way;
}

template <bool kOfTokenizers>
const Way& WayTo(NormalForm form) {
  switch (form) {
    case NormalForm::kNfc:
      return WayOf<false, true, kOfTokenizers>();
    case NormalForm::kNfkc:
      return WayOf<true, true, kOfTokenizers>();
    case NormalForm::kNfd:
      return WayOf<false, false, kOfTokenizers>();
    case NormalForm::kNfkd:
      break;
  }
  return WayOf<true, false, kOfTokenizers>();
}

class Normalizer {
 public:
  Normalizer(const Way& way, std::string* out) : way_(way), stable_(*way.stable), out_(out) {}

  bool Append(std::string_view text) {
    const size_t before = out_->size();
    bool changed = false;
    size_t copied = 0;  // all before it has been appended
    size_t last = 0;    // where the last stable code point begins
    for (size_t at = 0; at < text.size();) {
      const size_t found = NextOfInterest(text, at);
      if (found > at) last = StartOfLast(text, found);
      at = found;
      if (at == text.size()) break;
      const size_t begin = at;
      if (stable_[NextCodePoint(text, &at)]) {
        last = begin;
        continue;
      }
      const size_t end = EndOfSegment(text, at);
      const std::string_view segment = text.substr(last, end - last);
      const std::string& normal = NormalOf(segment);
      if (normal != segment) {
        changed = true;
        out_->append(text, copied, last - copied);
        *out_ += normal;
        copied = end;
      }
      at = last = end;
    }
    if (!changed) return false;
    out_->append(text, copied);
    MILLRACE_CHECK(out_->size() >= before);
    return true;
  }

 private:
  size_t NextOfInterest(std::string_view text, size_t at) const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    // Continuation bytes are below both limits, so that the byte found begins a code point.
    while (at < text.size() && bytes[at] < way_.first_byte) ++at;
    return at;
  }

  static size_t StartOfLast(std::string_view text, size_t end) {
    do {
      --end;
    } while ((static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u);
    return end;
  }

  // The next stable code point or the end of the text.
  size_t EndOfSegment(std::string_view text, size_t at) const {
    while (at < text.size()) {
      const size_t begin = at;
      if (stable_[NextCodePoint(text, &at)]) return begin;
    }
    return at;
  }

  const std::string& NormalOf(std::string_view segment) {
    codes_.clear();
    Decomposed parts;
    for (size_t at = 0; at < segment.size();) {
      const char32_t code = NextCodePoint(segment, &at);
      const size_t length = Decompose(code, way_.decompose, way_.inert, &parts);
      codes_.insert(codes_.end(), parts.begin(), parts.begin() + static_cast<ptrdiff_t>(length));
    }
    Order();
    normal_.clear();
    // What is inert joins nothing, and nothing is joined over it.
    for (size_t begin = 0; begin < codes_.size();) {
      size_t end = begin + 1;
      while (end < codes_.size() && !IsInert(codes_[end])) ++end;
      AppendComposed(begin, end - begin);
      begin = end;
    }
    return normal_;
  }

  bool IsInert(utf8proc_int32_t code) const {
    return way_.inert != nullptr && way_.inert(static_cast<char32_t>(code));
  }

  void AppendComposed(size_t begin, size_t count) {
    auto length = static_cast<utf8proc_ssize_t>(count);
    if (way_.composes) length = utf8proc_normalize_utf32(&codes_[begin], length, kCompose);
    MILLRACE_CHECK(length >= 0);
    for (size_t i = begin; i < begin + static_cast<size_t>(length); ++i) {
      AppendCodePoint(static_cast<char32_t>(codes_[i]), &normal_);
    }
  }

  // The canonical order of combining marks. utf8proc's own takes quadratic time.
  void Order() {
    const auto rank = [this](utf8proc_int32_t code) {
      return CombiningClass(static_cast<char32_t>(code), way_.inert);
    };
    const auto is_mark = [&](utf8proc_int32_t code) { return rank(code) != 0; };
    for (auto begin = codes_.begin(); begin != codes_.end();) {
      begin = std::find_if(begin, codes_.end(), is_mark);
      const auto end = std::find_if_not(begin, codes_.end(), is_mark);
      std::stable_sort(begin, end, [&](auto a, auto b) { return rank(a) < rank(b); });
      begin = end;
    }
  }

  const Way& way_;
  const StableCodePoints& stable_;
  std::string* out_;
  std::vector<utf8proc_int32_t> codes_;
  std::string normal_;
};

}  // namespace

bool AppendNormalized(std::string_view text, NormalForm form, std::string* out) {
  return Normalizer(WayTo<false>(form), out).Append(text);
}

bool AppendNormalizedOfTokenizers(std::string_view text, NormalForm form, std::string* out) {
  return Normalizer(WayTo<true>(form), out).Append(text);
}

}  // namespace millrace::op
