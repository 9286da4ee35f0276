// Unigram: the tokens whose scores have the highest sum.
#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "op/text/code_points.h"
#include "op/text/piece_trie.h"
#include "op/tokenizer/json_fields.h"
#include "op/tokenizer/word_model.h"

namespace millrace::op {
namespace {

constexpr double kUnknownPenalty = 10;

class UnigramModel : public WordModel {
 public:
  UnigramModel(Vocabulary vocabulary, const std::vector<std::string>& texts,
               std::vector<double> scores, int32_t unknown, bool byte_fallback)
      : WordModel(std::move(vocabulary)), scores_(std::move(scores)), unknown_(unknown) {
    double least = std::numeric_limits<double>::infinity();
    for (const double score : scores_) least = std::min(least, score);
    unknown_score_ = least - kUnknownPenalty;
    for (size_t i = 0; i < texts.size(); ++i) {
      if (!texts[i].empty()) trie_.Add(texts[i], static_cast<int32_t>(i));
    }
    for (size_t byte = 0; byte < 256; ++byte) {
      char text[8];
      std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(byte));
      has_byte_[byte] = byte_fallback && vocabulary_.Find(text) >= 0;
    }
  }

  int64_t CountTokens(std::string_view word, Scratch* scratch) const override {
    // Of each end of a token: the best score, where the token begins, and which it is.
    std::vector<double>& best = scratch->scores;
    std::vector<int64_t>& begins = scratch->begins;
    std::vector<int32_t>& ids = scratch->ids;
    best.assign(word.size() + 1, 0);
    begins.assign(word.size() + 1, -1);
    ids.assign(word.size() + 1, unknown_);
    for (size_t at = 0; at < word.size();) {
      size_t behind = at;
      NextCodePoint(word, &behind);
      const double so_far = best[at];
      bool whole = false;  // the character itself is a token
      const auto reach = [&](size_t end, double score, int32_t id) {
        const double sum = score + so_far;
        if (begins[end] >= 0 && !(sum > best[end])) return;
        best[end] = sum;
        begins[end] = static_cast<int64_t>(at);
        ids[end] = id;
      };
      trie_.ForPrefixes(word.substr(at), [&](int32_t id, size_t bytes) {
        reach(at + bytes, scores_[static_cast<size_t>(id)], id);
        whole |= at + bytes == behind;
      });
      if (!whole) reach(behind, unknown_score_, unknown_);
      at = behind;
    }
    // From the end: neighbours that are unknown are one.
    int64_t tokens = 0;
    size_t unknown_end = 0;  // of those that are being joined; 0 for none
    size_t end = word.size();
    while (end > 0) {
      const auto begin = static_cast<size_t>(begins[end]);
      if (ids[end] == unknown_) {
        if (unknown_end == 0) unknown_end = end;
      } else {
        if (unknown_end > 0) tokens += OfUnknown(word.substr(end, unknown_end - end));
        unknown_end = 0;
        ++tokens;
      }
      end = begin;
    }
    if (unknown_end > 0) tokens += OfUnknown(word.substr(0, unknown_end));
    return tokens;
  }

 private:
  int64_t OfUnknown(std::string_view text) const {
    if (vocabulary_.Find(text) >= 0) return 1;
    const bool bytes = std::all_of(text.begin(), text.end(), [this](char c) {
      return has_byte_[static_cast<unsigned char>(c)];
    });
    return bytes ? static_cast<int64_t>(text.size()) : 1;
  }

  PieceTrie trie_;
  std::vector<double> scores_;
  int32_t unknown_;
  double unknown_score_ = 0;
  std::array<bool, 256> has_byte_{};
};

}  // namespace

Result<std::shared_ptr<const WordModel>> ParseUnigram(JsonFields* fields) {
  ARROW_ASSIGN_OR_RAISE(const auto element, fields->Get("vocab"));
  simdjson::dom::array list;
  if (element.get(list) != simdjson::SUCCESS) return fields->Refuse("has no list as its `vocab`");
  std::vector<std::string> texts;
  std::vector<double> scores;
  for (const auto item : list) {
    simdjson::dom::array pair;
    std::string_view text;
    double score = 0;
    if (item.get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
        pair.at(0).get(text) != simdjson::SUCCESS || pair.at(1).get(score) != simdjson::SUCCESS) {
      return fields->Refuse("has a token in its `vocab` that is no text and its score");
    }
    texts.emplace_back(text);
    scores.push_back(score);
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t unknown, fields->Integer("unk_id"));
  if (unknown >= static_cast<int64_t>(texts.size())) {
    return fields->Refuse("has an `unk_id` beyond its `vocab`");
  }
  ARROW_ASSIGN_OR_RAISE(const bool byte_fallback, fields->Flag("byte_fallback", false));
  return std::make_shared<const UnigramModel>(Vocabulary::Of(texts), texts, std::move(scores),
                                              static_cast<int32_t>(unknown), byte_fallback);
}

}  // namespace millrace::op
