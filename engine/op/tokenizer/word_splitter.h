// The `pre_tokenizer` of a tokenizer.json: what a normal text is cut into before the model sees it.
//
// Thread-safety: immutable after Parse; any thread may call, each with its own scratch.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "op/tokenizer/split_pattern.h"

namespace millrace::op {

/// What is handed the words.
class WordSink {
 public:
  virtual ~WordSink() = default;
  virtual void Add(std::string_view word) = 0;
};

class WordSplitter {
 public:
  /// BadValue, which names what is not known.
  static Result<WordSplitter> Parse(simdjson::dom::element pre_tokenizer);

  struct Span {
    size_t begin, end;
    bool matches;
  };
  /// Of each step.
  struct StepScratch {
    std::string text;
    std::vector<Span> spans, cut;
  };
  using Scratch = std::vector<StepScratch>;

  /// `at_zero`: whether the piece begins where the whole text does. Words are never empty.
  void Split(std::string_view piece, bool at_zero, Scratch* scratch, WordSink* words) const;

  /// Whether words are bytes, and no longer characters.
  bool byte_level() const { return byte_level_; }
  /// Whether words are characters that stand for bytes (BytesOfChars).
  bool words_are_mapped() const { return byte_level_ && !bytes_come_last_; }
  /// Whether what is done depends on `at_zero`.
  bool needs_place() const { return needs_place_; }

 private:
  enum class Behavior { kRemoved, kIsolated, kWithPrevious, kWithNext, kContiguous };

  struct Step {
    enum Kind {
      kSpaces,       // matches are characters
      kPunctuation,  //
      kDigits,       //
      kChar,         //
      kText,         // matches are texts
      kPattern,      //
      kWords,        // matches are words and signs, what is between them is removed
      kPrefixSpace,  // a space before a piece that has none
      kBytes,        // bytes become characters
      kMetaspace,
    } kind = kSpaces;
    Behavior behavior = Behavior::kRemoved;
    bool invert = false;
    std::string text;  // of kText, kChar and kMetaspace
    SplitPattern pattern;
    enum { kAlways, kFirst, kNever } prepend = kAlways;
    bool split = true;  // of kMetaspace
  };

  Status AddSteps(simdjson::dom::element pre_tokenizer, int depth);
  Result<Step> SplitStep(class JsonFields* fields);
  Result<Step> MetaspaceStep(class JsonFields* fields);
  Status AddPattern(const std::string& pattern, Behavior behavior);
  Status AddByteLevel(class JsonFields* fields);
  static Result<Behavior> BehaviorOf(class JsonFields* fields, const std::string& fallback);

  void Run(size_t step, std::string_view piece, bool at_zero, Scratch* scratch,
           WordSink* words) const;
  static void FindSpans(const Step& step, std::string_view piece, std::vector<Span>* spans);
  static void Cut(Behavior behavior, const std::vector<Span>& spans, std::vector<Span>* out);

  std::vector<Step> steps_;
  bool byte_level_ = false, bytes_come_last_ = false, needs_place_ = false;
};

/// A byte as the character that ByteLevel makes of it.
char32_t CharOfByte(unsigned char byte);
/// The bytes that the characters stand for; false when one of them stands for none.
bool BytesOfChars(std::string_view text, std::string* out);

}  // namespace millrace::op
