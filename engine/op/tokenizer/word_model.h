// The `model` of a tokenizer.json: of how many tokens a word is made.
//
// Thread-safety: immutable after Parse; any thread may call, each with its own scratch.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"

namespace millrace::op {

class JsonFields;

/// Texts of tokens and their ids.
class Vocabulary {
 public:
  static constexpr int32_t kNone = -1;

  /// The `vocab` of a model, an object of ids. `bytes`: keys are characters that stand for bytes,
  /// and are kept as those; the others, which no text can be, are left out of Find.
  static Result<Vocabulary> Parse(JsonFields* model, bool bytes);
  /// The texts in the order of their ids. Of two equal ones the later is found.
  static Vocabulary Of(std::vector<std::string> texts);

  int32_t Find(std::string_view text) const {
    const auto at = ids_.find(text);
    return at == ids_.end() ? kNone : at->second;
  }
  /// The same for a text as the file has it.
  int32_t FindWritten(std::string_view text) const;
  /// How many there are.
  size_t size() const { return size_; }
  size_t longest() const { return longest_; }
  /// The first of two ids that are the same; kNone without such.
  int32_t twice() const { return twice_; }

 private:
  std::shared_ptr<std::string> texts_;  // one behind the other; what ids_ has as keys
  std::unordered_map<std::string_view, int32_t> ids_, written_;
  bool byte_keys_ = false;
  size_t size_ = 0, longest_ = 0;
  int32_t twice_ = kNone;
};

class WordModel {
 public:
  virtual ~WordModel() = default;

  struct Scratch {
    std::vector<int32_t> ids, before, next;
    std::vector<uint64_t> agenda;
    std::string text;
    std::vector<double> scores;
    std::vector<int64_t> begins;
  };
  virtual int64_t CountTokens(std::string_view word, Scratch* scratch) const = 0;

  /// The end of the part that begins at `begin`. A word can be cut into such parts, whose tokens
  /// are those of the word: no token lies over their ends.
  virtual size_t PartEnd(std::string_view word, size_t) const { return word.size(); }

  const Vocabulary& vocabulary() const { return vocabulary_; }

  /// `byte_level`: words are bytes. BadValue, which names what is not known.
  static Result<std::shared_ptr<const WordModel>> Parse(simdjson::dom::element model,
                                                        bool byte_level);

 protected:
  explicit WordModel(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}

  Vocabulary vocabulary_;
};

Result<std::shared_ptr<const WordModel>> ParseBpe(JsonFields* fields, bool byte_level);
Result<std::shared_ptr<const WordModel>> ParseWordPiece(JsonFields* fields);
Result<std::shared_ptr<const WordModel>> ParseWordLevel(JsonFields* fields);
Result<std::shared_ptr<const WordModel>> ParseUnigram(JsonFields* fields);

}  // namespace millrace::op
