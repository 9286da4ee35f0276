#include "op/tokenizer/normalizer.h"

#include <map>

#include "op/text/code_points.h"
#include "op/tokenizer/char_table.h"
#include "op/tokenizer/json_fields.h"

namespace millrace::op {
namespace {

constexpr int kDepthMax = 8;

bool IsChinese(char32_t code) {
  const auto in = [code](char32_t first, char32_t last) { return code >= first && code <= last; };
  return in(0x4E00, 0x9FFF) || in(0x3400, 0x4DBF) || in(0x20000, 0x2A6DF) || in(0x2A700, 0x2B73F) ||
         in(0x2B740, 0x2B81F) || in(0x2B920, 0x2CEAF) || in(0xF900, 0xFAFF) || in(0x2F800, 0x2FA1F);
}

bool IsNmtControl(char32_t code) {
  return (code >= 1 && code <= 8) || code == 0xB || (code >= 0xE && code <= 0x1F) || code == 0x7F ||
         code == 0x8F || code == 0x9F;
}

bool IsNmtSpace(char32_t code) {
  return code == 9 || code == 0xA || code == 0xC || code == 0xD || code == 0x1680 ||
         (code >= 0x200B && code <= 0x200F) || code == 0x2028 || code == 0x2029 || code == 0x2581 ||
         code == 0xFEFF || code == 0xFFFD;
}

// Calls each(code) for the characters, which appends what becomes of it. What is taken away at the
// beginning moves the first character.
template <typename Each>
bool Map(std::string_view text, std::string* out, bool* at_zero, const Each& each) {
  bool first = true;
  for (size_t at = 0; at < text.size();) {
    const size_t before = out->size();
    each(NextCodePoint(text, &at));
    if (first && out->size() == before && at_zero != nullptr) *at_zero = false;
    first = false;
  }
  return true;
}

size_t SpacesBefore(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    size_t behind = at;
    if (!IsSpace(NextCodePoint(text, &behind))) break;
    at = behind;
  }
  return at;
}

size_t WithoutSpacesBehind(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t begin = end;
    do {
      --begin;
    } while ((static_cast<unsigned char>(text[begin]) & 0xC0u) == 0x80u);
    size_t at = begin;
    if (!IsSpace(NextCodePoint(text, &at))) break;
    end = begin;
  }
  return end;
}

// Copies the text with `content` for each match; `of` calls found(begin, end).
template <typename Matches>
bool Replace(std::string_view text, const std::string& content, std::string* out, bool* at_zero,
             const Matches& of) {
  size_t copied = 0;
  bool any = false;
  of([&](size_t begin, size_t end) {
    any = true;
    if (begin == 0 && at_zero != nullptr) {
      // What is put there stands for the last character that was.
      size_t behind = 0;
      NextCodePoint(text, &behind);
      if (content.empty() || behind < end) *at_zero = false;
    }
    out->append(text, copied, begin - copied);
    *out += content;
    copied = end;
  });
  if (any) out->append(text, copied);
  return any;
}

}  // namespace

bool TokenizerNormalizer::ApplyStep(const Step& step, std::string_view text, std::string* out,
                                    bool* at_zero) {
  const CharTable& table = CharTable::Of();
  const auto keep = [out](char32_t code) { AppendCodePoint(code, out); };
  switch (step.kind) {
    case Step::kForm:
      return !IsAscii(text) && AppendNormalizedOfTokenizers(text, step.form, out);
    case Step::kLowercase:
      return Map(text, out, nullptr, [&](char32_t code) { table.AppendLower(code, out); });
    case Step::kStrip: {
      const size_t begin = step.left ? SpacesBefore(text) : 0;
      const size_t end = step.right ? WithoutSpacesBehind(text) : text.size();
      if (begin > 0 && at_zero != nullptr) *at_zero = false;
      if (begin < end) *out += text.substr(begin, end - begin);
      return true;
    }
    case Step::kStripAccents:
      return Map(text, out, at_zero, [&](char32_t code) {
        if (!table.Has(code, CharTable::kCombining)) keep(code);
      });
    case Step::kNmt:
      return Map(text, out, at_zero, [&](char32_t code) {
        if (!IsNmtControl(code)) keep(IsNmtSpace(code) ? ' ' : code);
      });
    case Step::kReplaceText:
      return Replace(text, step.content, out, at_zero, [&](const auto& found) {
        for (size_t at = text.find(step.text); at != std::string_view::npos;
             at = text.find(step.text, at + step.text.size())) {
          found(at, at + step.text.size());
        }
      });
    case Step::kReplacePattern:
      return Replace(text, step.content, out, at_zero,
                     [&](const auto& found) { step.pattern.ForMatches(text, found); });
    case Step::kPrepend:
      *out += step.content;
      *out += text;
      return true;
    case Step::kBertClean:
      return Map(text, out, at_zero, [&](char32_t code) {
        if (table.Has(code, CharTable::kControl)) return;
        keep(IsSpace(code) ? ' ' : code);
      });
    case Step::kBertChinese:
      return !IsAscii(text) && Map(text, out, nullptr, [&](char32_t code) {
        const bool chinese = IsChinese(code);
        if (chinese) *out += ' ';
        keep(code);
        if (chinese) *out += ' ';
      });
    case Step::kBertAccents:
      return Map(text, out, at_zero, [&](char32_t code) {
        if (!table.Has(code, CharTable::kAccent)) keep(code);
      });
    case Step::kCharsmap:
      return step.charsmap.Append(text, out);
  }
  return false;
}

std::string_view TokenizerNormalizer::Apply(std::string_view text, Scratch* scratch,
                                            bool* at_zero) const {
  for (const Step& step : steps_) {
    if (text.empty()) break;
    scratch->next.clear();
    if (!ApplyStep(step, text, &scratch->next, at_zero)) continue;
    scratch->now.swap(scratch->next);
    text = scratch->now;
  }
  return text;
}

bool TokenizerNormalizer::inserts() const {
  for (const Step& step : steps_) {
    if (step.kind == Step::kForm || step.kind == Step::kPrepend ||
        step.kind == Step::kBertChinese || step.kind == Step::kCharsmap ||
        step.kind == Step::kReplaceText || step.kind == Step::kReplacePattern) {
      return true;
    }
  }
  return false;
}

bool TokenizerNormalizer::loses_its_place() const {
  bool inserted = false;
  for (const Step& step : steps_) {
    switch (step.kind) {
      case Step::kForm:
      case Step::kBertChinese:
      case Step::kCharsmap:
        inserted = true;
        break;
      case Step::kPrepend:
        return true;
      case Step::kLowercase:
        break;
      case Step::kStrip:
        if (inserted && step.left) return true;
        break;
      case Step::kReplaceText:
      case Step::kReplacePattern:
      case Step::kStripAccents:
      case Step::kNmt:
      case Step::kBertClean:
      case Step::kBertAccents:
        if (inserted) return true;
        break;
    }
  }
  return false;
}

Result<TokenizerNormalizer> TokenizerNormalizer::Parse(simdjson::dom::element normalizer) {
  TokenizerNormalizer made;
  ARROW_RETURN_NOT_OK(made.AddSteps(normalizer, 0));
  return made;
}

Status TokenizerNormalizer::AddSteps(simdjson::dom::element normalizer, int depth) {
  ARROW_ASSIGN_OR_RAISE(JsonFields fields, JsonFields::Of(normalizer, "its normalizer"));
  ARROW_ASSIGN_OR_RAISE(const std::string type, fields.Text("type"));
  static const auto* forms = new std::map<std::string, NormalForm>{{"NFC", NormalForm::kNfc},
                                                                   {"NFD", NormalForm::kNfd},
                                                                   {"NFKC", NormalForm::kNfkc},
                                                                   {"NFKD", NormalForm::kNfkd}};
  if (type == "Sequence") {
    ARROW_ASSIGN_OR_RAISE(const auto parts, fields.Get("normalizers"));
    simdjson::dom::array array;
    if (parts.get(array) != simdjson::SUCCESS || depth > kDepthMax) {
      return fields.Refuse("has no list of `normalizers`");
    }
    for (const auto part : array) ARROW_RETURN_NOT_OK(AddSteps(part, depth + 1));
    return fields.Done();
  }
  if (type == "BertNormalizer") {
    ARROW_ASSIGN_OR_RAISE(const bool clean, fields.Flag("clean_text"));
    ARROW_ASSIGN_OR_RAISE(const bool chinese, fields.Flag("handle_chinese_chars"));
    ARROW_ASSIGN_OR_RAISE(const bool lowercase, fields.Flag("lowercase"));
    ARROW_ASSIGN_OR_RAISE(const bool accents, fields.Flag("strip_accents", lowercase));
    if (clean) steps_.emplace_back().kind = Step::kBertClean;
    if (chinese) steps_.emplace_back().kind = Step::kBertChinese;
    if (accents) {
      steps_.emplace_back().form = NormalForm::kNfd;
      steps_.emplace_back().kind = Step::kBertAccents;
    }
    if (lowercase) steps_.emplace_back().kind = Step::kLowercase;
    return fields.Done();
  }
  Step step;
  if (const auto form = forms->find(type); form != forms->end()) {
    step.form = form->second;
  } else if (type == "Lowercase") {
    step.kind = Step::kLowercase;
  } else if (type == "Nmt") {
    step.kind = Step::kNmt;
  } else if (type == "StripAccents") {
    step.kind = Step::kStripAccents;
  } else if (type == "Strip") {
    step.kind = Step::kStrip;
    ARROW_ASSIGN_OR_RAISE(step.left, fields.Flag("strip_left"));
    ARROW_ASSIGN_OR_RAISE(step.right, fields.Flag("strip_right"));
  } else if (type == "Prepend") {
    step.kind = Step::kPrepend;
    ARROW_ASSIGN_OR_RAISE(step.content, fields.Text("prepend"));
  } else if (type == "Replace") {
    ARROW_ASSIGN_OR_RAISE(step.content, fields.Text("content"));
    ARROW_ASSIGN_OR_RAISE(const auto pattern, fields.Get("pattern"));
    ARROW_ASSIGN_OR_RAISE(JsonFields kind, JsonFields::Of(pattern, "the pattern of a Replace"));
    if (kind.Find("String").has_value()) {
      step.kind = Step::kReplaceText;
      ARROW_ASSIGN_OR_RAISE(step.text, kind.Text("String"));
      if (step.text.empty()) return fields.Refuse("replaces an empty text");
    } else {
      step.kind = Step::kReplacePattern;
      ARROW_ASSIGN_OR_RAISE(const std::string text, kind.Text("Regex"));
      ARROW_ASSIGN_OR_RAISE(step.pattern, SplitPattern::Parse(text));
    }
    ARROW_RETURN_NOT_OK(kind.Done());
  } else if (type == "Precompiled") {
    step.kind = Step::kCharsmap;
    ARROW_ASSIGN_OR_RAISE(const std::string text, fields.Text("precompiled_charsmap"));
    ARROW_ASSIGN_OR_RAISE(step.charsmap, Charsmap::Parse(text));
  } else {
    return MakeError(ErrorCode::kBadValue, "its normalizer `" + type + "` is not supported",
                     "what is: BertNormalizer, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, "
                     "Prepend, Replace, Sequence, Strip, StripAccents");
  }
  steps_.push_back(std::move(step));
  return fields.Done();
}

}  // namespace millrace::op
