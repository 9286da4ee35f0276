// The `normalizer` of a tokenizer.json: what a text becomes before it is cut.
//
// Thread-safety: immutable after Parse; any thread may call, each with its own scratch.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "op/text/normal_form.h"
#include "op/tokenizer/charsmap.h"
#include "op/tokenizer/split_pattern.h"

namespace millrace::op {

class TokenizerNormalizer {
 public:
  /// BadValue, which names what is not known.
  static Result<TokenizerNormalizer> Parse(simdjson::dom::element normalizer);

  struct Scratch {
    std::string now, next;
  };
  /// The normal text, which is valid until the next call with the scratch, or the text itself.
  /// `at_zero`: whether its first character stands for the first one of the text; not needed, null.
  std::string_view Apply(std::string_view text, Scratch* scratch, bool* at_zero = nullptr) const;

  bool empty() const { return steps_.empty(); }
  /// Whether `at_zero` cannot be told for all texts.
  bool loses_its_place() const;
  /// Whether one character may become several, or one before the first is added.
  bool inserts() const;

 private:
  struct Step {
    enum Kind {
      kForm,
      kLowercase,
      kStrip,
      kStripAccents,
      kNmt,
      kReplaceText,
      kReplacePattern,
      kPrepend,
      kBertClean,
      kBertChinese,
      kBertAccents,
      kCharsmap,
    } kind = kForm;
    NormalForm form = NormalForm::kNfc;
    bool left = false, right = false;
    std::string text, content;
    SplitPattern pattern;
    Charsmap charsmap;
  };

  Status AddSteps(simdjson::dom::element normalizer, int depth);
  /// False: the text stays as it is.
  static bool ApplyStep(const Step& step, std::string_view text, std::string* out, bool* at_zero);

  std::vector<Step> steps_;
};

}  // namespace millrace::op
