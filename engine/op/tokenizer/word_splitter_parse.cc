// WordSplitter::Parse: what a `pre_tokenizer` asks for, step by step.
#include "op/text/code_points.h"
#include "op/tokenizer/json_fields.h"
#include "op/tokenizer/word_splitter.h"

namespace millrace::op {
namespace {

constexpr int kDepthMax = 8;
constexpr size_t kStepsMax = 100;
// The pattern of GPT-2, which ByteLevel has of itself.
constexpr char kByteLevelPattern[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace

Result<WordSplitter> WordSplitter::Parse(simdjson::dom::element pre_tokenizer) {
  WordSplitter made;
  ARROW_RETURN_NOT_OK(made.AddSteps(pre_tokenizer, 0));
  if (made.steps_.size() > kStepsMax) {
    return MakeError(ErrorCode::kBadValue,
                     "its pre-tokenizer has more than " + std::to_string(kStepsMax) + " steps");
  }
  // Where the bytes come last, the model takes them as they are.
  if (!made.steps_.empty() && made.steps_.back().kind == Step::kBytes) {
    made.steps_.pop_back();
    made.bytes_come_last_ = true;
  }
  return made;
}

Status WordSplitter::AddSteps(simdjson::dom::element pre_tokenizer, int depth) {
  ARROW_ASSIGN_OR_RAISE(JsonFields fields, JsonFields::Of(pre_tokenizer, "its pre-tokenizer"));
  ARROW_ASSIGN_OR_RAISE(const std::string type, fields.Text("type"));
  if (type == "Sequence") {
    ARROW_ASSIGN_OR_RAISE(const auto parts, fields.Get("pretokenizers"));
    simdjson::dom::array array;
    if (parts.get(array) != simdjson::SUCCESS || depth > kDepthMax) {
      return fields.Refuse("has no list of `pretokenizers`");
    }
    for (const auto part : array) ARROW_RETURN_NOT_OK(AddSteps(part, depth + 1));
    return fields.Done();
  }
  Step step;
  if (type == "BertPreTokenizer") {
    steps_.emplace_back();
    step.kind = Step::kPunctuation;
    step.behavior = Behavior::kIsolated;
  } else if (type == "ByteLevel") {
    ARROW_RETURN_NOT_OK(AddByteLevel(&fields));
    return fields.Done();
  } else if (type == "CharDelimiterSplit") {
    step.kind = Step::kChar;
    ARROW_ASSIGN_OR_RAISE(const char32_t code, fields.Char("delimiter"));
    AppendCodePoint(code, &step.text);
  } else if (type == "Digits") {
    step.kind = Step::kDigits;
    ARROW_ASSIGN_OR_RAISE(const bool each, fields.Flag("individual_digits"));
    step.behavior = each ? Behavior::kIsolated : Behavior::kContiguous;
  } else if (type == "Metaspace") {
    ARROW_ASSIGN_OR_RAISE(step, MetaspaceStep(&fields));
  } else if (type == "Punctuation") {
    step.kind = Step::kPunctuation;
    ARROW_ASSIGN_OR_RAISE(step.behavior, BehaviorOf(&fields, "Isolated"));
  } else if (type == "Split") {
    ARROW_ASSIGN_OR_RAISE(step, SplitStep(&fields));
  } else if (type == "Whitespace") {
    step.kind = Step::kWords;
    step.invert = true;
  } else if (type != "WhitespaceSplit") {
    return MakeError(ErrorCode::kBadValue, "its pre-tokenizer `" + type + "` is not supported",
                     "what is: BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace, "
                     "Punctuation, Sequence, Split, Whitespace, WhitespaceSplit");
  }
  steps_.push_back(std::move(step));
  return fields.Done();
}

Result<WordSplitter::Behavior> WordSplitter::BehaviorOf(JsonFields* fields,
                                                        const std::string& fallback) {
  std::optional<std::string> otherwise;
  if (!fallback.empty()) otherwise = fallback;
  ARROW_ASSIGN_OR_RAISE(const std::string name, fields->Text("behavior", otherwise));
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "MergedWithPrevious") return Behavior::kWithPrevious;
  if (name == "MergedWithNext") return Behavior::kWithNext;
  if (name == "Contiguous") return Behavior::kContiguous;
  return fields->Refuse("has the behavior `" + name + "`, which is not supported");
}

Result<WordSplitter::Step> WordSplitter::SplitStep(JsonFields* fields) {
  Step step;
  ARROW_ASSIGN_OR_RAISE(step.behavior, BehaviorOf(fields, ""));
  ARROW_ASSIGN_OR_RAISE(step.invert, fields->Flag("invert"));
  ARROW_ASSIGN_OR_RAISE(const auto pattern, fields->Get("pattern"));
  ARROW_ASSIGN_OR_RAISE(JsonFields kind, JsonFields::Of(pattern, "the pattern of a Split"));
  if (kind.Find("String").has_value()) {
    step.kind = Step::kText;
    ARROW_ASSIGN_OR_RAISE(step.text, kind.Text("String"));
    if (step.text.empty()) return fields->Refuse("splits at an empty text");
  } else {
    step.kind = Step::kPattern;
    ARROW_ASSIGN_OR_RAISE(const std::string text, kind.Text("Regex"));
    ARROW_ASSIGN_OR_RAISE(step.pattern, SplitPattern::Parse(text));
  }
  ARROW_RETURN_NOT_OK(kind.Done());
  return step;
}

Result<WordSplitter::Step> WordSplitter::MetaspaceStep(JsonFields* fields) {
  Step step;
  step.kind = Step::kMetaspace;
  ARROW_ASSIGN_OR_RAISE(const char32_t mark, fields->Char("replacement"));
  AppendCodePoint(mark, &step.text);
  ARROW_ASSIGN_OR_RAISE(const std::string scheme, fields->Text("prepend_scheme", "always"));
  ARROW_ASSIGN_OR_RAISE(const bool prefix, fields->Flag("add_prefix_space", true));
  ARROW_ASSIGN_OR_RAISE(step.split, fields->Flag("split", true));
  fields->Ignore("str_rep");
  if (scheme == "always") {
    step.prepend = Step::kAlways;
  } else if (scheme == "first") {
    step.prepend = Step::kFirst;
    needs_place_ = true;
  } else if (scheme == "never") {
    step.prepend = Step::kNever;
  } else {
    return fields->Refuse("has the prepend_scheme `" + scheme + "`, which is not supported");
  }
  if (!prefix && step.prepend != Step::kNever) {
    return fields->Refuse("says `add_prefix_space: false` and the prepend_scheme `" + scheme + "`");
  }
  for (const Step& before : steps_) {
    if (step.prepend == Step::kFirst &&
        (before.kind == Step::kMetaspace || before.kind == Step::kPrefixSpace)) {
      return fields->Refuse("has the prepend_scheme `first` behind another that adds a space");
    }
  }
  return step;
}

Status WordSplitter::AddByteLevel(JsonFields* fields) {
  if (byte_level_) return fields->Refuse("`ByteLevel` comes twice");
  byte_level_ = true;
  ARROW_ASSIGN_OR_RAISE(const bool prefix, fields->Flag("add_prefix_space"));
  ARROW_ASSIGN_OR_RAISE(const bool pattern, fields->Flag("use_regex", true));
  fields->Ignore("trim_offsets");  // of where tokens stand in a text
  if (prefix) steps_.emplace_back().kind = Step::kPrefixSpace;
  if (pattern) {
    Step step;
    step.kind = Step::kPattern;
    step.behavior = Behavior::kIsolated;
    ARROW_ASSIGN_OR_RAISE(step.pattern, SplitPattern::Parse(kByteLevelPattern));
    steps_.push_back(std::move(step));
  }
  steps_.emplace_back().kind = Step::kBytes;
  return Status::OK();
}

}  // namespace millrace::op
