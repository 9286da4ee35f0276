// BPE: neighbours are merged, those whose merge comes first in the file first.
#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <limits>
#include <unordered_set>

#include "op/text/code_points.h"
#include "op/tokenizer/json_fields.h"
#include "op/tokenizer/word_model.h"

namespace millrace::op {
namespace {

constexpr uint32_t kNoRank = std::numeric_limits<uint32_t>::max();
// Up to so many symbols all pairs are looked through for each merge.
constexpr size_t kShort = 24;

/// Merges by the pair that is merged.
class MergeTable {
 public:
  struct Merge {
    uint32_t rank = kNoRank;
    int32_t made = 0;
  };

  explicit MergeTable(size_t count) {
    size_t slots = 16;
    while (slots < count * 2) slots *= 2;
    keys_.assign(slots, kEmpty);
    merges_.resize(slots);
  }

  // The last of several of the same pair is the one that counts.
  void Add(int32_t left, int32_t right, Merge merge) {
    const size_t slot = SlotOf(KeyOf(left, right));
    keys_[slot] = KeyOf(left, right);
    merges_[slot] = merge;
  }

  /// Of rank kNoRank when the two are not merged.
  Merge Find(int32_t left, int32_t right) const {
    const size_t slot = SlotOf(KeyOf(left, right));
    return keys_[slot] == kEmpty ? Merge{} : merges_[slot];
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};
  static uint64_t KeyOf(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  size_t SlotOf(uint64_t key) const {
    const size_t mask = keys_.size() - 1;
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
    for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
      if (keys_[slot] == key || keys_[slot] == kEmpty) return slot;
    }
  }

  std::vector<uint64_t> keys_;
  std::vector<Merge> merges_;
};

/// Which two characters stand beside each other in what merges make.
class CharPairs {
 public:
  void Add(char32_t left, char32_t right) {
    if (left < 128 && right < 128) ascii_[left * 128 + right] = true;
    pairs_.insert(static_cast<uint64_t>(left) << 32 | right);
  }
  bool Has(char32_t left, char32_t right) const {
    if (left < 128 && right < 128) return ascii_[left * 128 + right];
    return pairs_.count(static_cast<uint64_t>(left) << 32 | right) > 0;
  }

 private:
  std::vector<bool> ascii_ = std::vector<bool>(128 * 128, false);
  std::unordered_set<uint64_t> pairs_;
};

struct BpeOptions {
  std::string prefix, suffix;
  int32_t unknown = Vocabulary::kNone;
  bool fuse_unknown = false, byte_fallback = false, ignore_merges = false, byte_level = false;
  /// Of byte_fallback: kNone for a byte that has no token.
  std::array<int32_t, 256> byte_tokens{};
};

class BpeModel : public WordModel {
 public:
  BpeModel(Vocabulary vocabulary, MergeTable merges, CharPairs pairs, BpeOptions options)
      : WordModel(std::move(vocabulary)),
        merges_(std::move(merges)),
        pairs_(std::move(pairs)),
        options_(std::move(options)) {
    whole_bytes_ = options_.byte_level && options_.suffix.empty();
    for (size_t byte = 0; byte < 256; ++byte) {
      const char text = static_cast<char>(byte);
      const bool alone = options_.byte_level || byte < 128;
      single_[byte] = alone ? vocabulary_.Find(std::string_view(&text, 1)) : Vocabulary::kNone;
      whole_bytes_ = whole_bytes_ && single_[byte] >= 0;
    }
    cuts_ = options_.prefix.empty() && options_.suffix.empty() && !options_.ignore_merges &&
            !options_.byte_level;
  }

  int64_t CountTokens(std::string_view word, Scratch* scratch) const override {
    if (options_.ignore_merges && vocabulary_.Find(word) >= 0) return 1;
    std::vector<int32_t>& ids = scratch->ids;
    ids.clear();
    if (whole_bytes_) {
      for (const char c : word) ids.push_back(single_[static_cast<unsigned char>(c)]);
    } else {
      AddSymbols(word, scratch);
    }
    return ids.size() <= kShort ? MergeFew(&ids) : MergeMany(scratch);
  }

  size_t PartEnd(std::string_view word, size_t begin) const override {
    if (!cuts_) return word.size();
    size_t at = begin, last_begin = begin;
    char32_t last = NextCodePoint(word, &at);
    while (at < word.size()) {
      const size_t here = at;
      const char32_t code = NextCodePoint(word, &at);
      if (!pairs_.Has(last, code) && IsKnown(word.substr(here, at - here)) &&
          IsKnown(word.substr(last_begin, here - last_begin))) {
        return here;
      }
      last = code;
      last_begin = here;
    }
    return word.size();
  }

 private:
  bool IsKnown(std::string_view character) const {
    if (character.size() == 1) return single_[static_cast<unsigned char>(character[0])] >= 0;
    return vocabulary_.Find(character) >= 0;
  }

  void AddSymbols(std::string_view word, Scratch* scratch) const {
    std::vector<int32_t>& ids = scratch->ids;
    std::string& key = scratch->text;
    bool pending = false;  // an unknown one that is not written yet
    for (size_t at = 0; at < word.size();) {
      const size_t begin = at;
      if (options_.byte_level) {
        ++at;
      } else {
        NextCodePoint(word, &at);
      }
      std::string_view symbol = word.substr(begin, at - begin);
      const bool first = begin == 0, last = at == word.size();
      if ((!first && !options_.prefix.empty()) || (last && !options_.suffix.empty())) {
        key.assign(first ? std::string() : options_.prefix);
        key += symbol;
        if (last) key += options_.suffix;
        symbol = key;
      }
      const int32_t id = symbol.size() == 1 ? single_[static_cast<unsigned char>(symbol[0])]
                                            : vocabulary_.Find(symbol);
      if (id >= 0) {
        if (pending) ids.push_back(options_.unknown);
        pending = false;
        ids.push_back(id);
      } else if (options_.byte_fallback && HasBytes(symbol)) {
        for (const char c : symbol) {
          ids.push_back(options_.byte_tokens[static_cast<unsigned char>(c)]);
        }
      } else if (options_.unknown >= 0) {
        if (pending && !options_.fuse_unknown) ids.push_back(options_.unknown);
        pending = true;
      }
    }
    if (pending) ids.push_back(options_.unknown);
  }

  bool HasBytes(std::string_view symbol) const {
    return std::all_of(symbol.begin(), symbol.end(), [this](char c) {
      return options_.byte_tokens[static_cast<unsigned char>(c)] >= 0;
    });
  }

  int64_t MergeFew(std::vector<int32_t>* ids) const {
    std::array<MergeTable::Merge, kShort> merges;
    size_t count = ids->size();
    int32_t* id = ids->data();
    for (size_t i = 0; i + 1 < count; ++i) merges[i] = merges_.Find(id[i], id[i + 1]);
    while (count > 1) {
      size_t best = 0;
      for (size_t i = 1; i + 1 < count; ++i) {
        if (merges[i].rank < merges[best].rank) best = i;
      }
      if (merges[best].rank == kNoRank) break;
      id[best] = merges[best].made;
      std::copy(id + best + 2, id + count, id + best + 1);
      std::copy(merges.begin() + static_cast<ptrdiff_t>(best) + 2,
                merges.begin() + static_cast<ptrdiff_t>(count),
                merges.begin() + static_cast<ptrdiff_t>(best) + 1);
      --count;
      if (best > 0) merges[best - 1] = merges_.Find(id[best - 1], id[best]);
      if (best + 1 < count) merges[best] = merges_.Find(id[best], id[best + 1]);
    }
    return static_cast<int64_t>(count);
  }

  // The same with a heap of what can be merged, for words of any length.
  int64_t MergeMany(Scratch* scratch) const {
    std::vector<int32_t>& ids = scratch->ids;
    const auto size = static_cast<int32_t>(ids.size());
    std::vector<int32_t>& before = scratch->before;
    std::vector<int32_t>& next = scratch->next;
    before.resize(ids.size());
    next.resize(ids.size());
    // Rank and place: the smallest is the next.
    std::vector<uint64_t>& agenda = scratch->agenda;
    agenda.clear();
    const auto consider = [&](int32_t left, int32_t right) {
      const auto merge =
          merges_.Find(ids[static_cast<size_t>(left)], ids[static_cast<size_t>(right)]);
      if (merge.rank == kNoRank) return;
      agenda.push_back(static_cast<uint64_t>(merge.rank) << 32 | static_cast<uint32_t>(left));
      std::push_heap(agenda.begin(), agenda.end(), std::greater<>());
    };
    for (int32_t i = 0; i < size; ++i) {
      before[static_cast<size_t>(i)] = i - 1;
      next[static_cast<size_t>(i)] = i + 1 < size ? i + 1 : -1;
    }
    for (int32_t i = 0; i + 1 < size; ++i) consider(i, i + 1);
    int64_t count = size;
    while (!agenda.empty()) {
      std::pop_heap(agenda.begin(), agenda.end(), std::greater<>());
      const uint64_t top = agenda.back();
      agenda.pop_back();
      const auto left = static_cast<size_t>(top & 0xFFFFFFFFu);
      if (ids[left] == kGone || next[left] < 0) continue;
      const auto right = static_cast<size_t>(next[left]);
      // One of them may have been merged with another since.
      const auto merge = merges_.Find(ids[left], ids[right]);
      if (merge.rank != top >> 32) continue;
      ids[left] = merge.made;
      ids[right] = kGone;
      next[left] = next[right];
      if (next[left] >= 0) before[static_cast<size_t>(next[left])] = static_cast<int32_t>(left);
      --count;
      if (before[left] >= 0) consider(before[left], static_cast<int32_t>(left));
      if (next[left] >= 0) consider(static_cast<int32_t>(left), next[left]);
    }
    return count;
  }

  static constexpr int32_t kGone = -2;

  MergeTable merges_;
  CharPairs pairs_;
  BpeOptions options_;
  std::array<int32_t, 256> single_{};
  bool cuts_ = false;         // PartEnd says more than the end
  bool whole_bytes_ = false;  // each byte is a token, and nothing is added to them
};

/// The two texts of a merge: "a b" or ["a", "b"].
bool PairOf(simdjson::dom::element element, std::string_view* left, std::string_view* right) {
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) {
    const size_t space = text.find(' ');
    if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos) {
      return false;
    }
    *left = text.substr(0, space);
    *right = text.substr(space + 1);
    return true;
  }
  simdjson::dom::array pair;
  return element.get(pair) == simdjson::SUCCESS && pair.size() == 2 &&
         pair.at(0).get(*left) == simdjson::SUCCESS && pair.at(1).get(*right) == simdjson::SUCCESS;
}

struct Merges {
  MergeTable table{0};
  CharPairs pairs;
};

Result<Merges> ReadMerges(JsonFields* fields, const Vocabulary& vocabulary,
                          const BpeOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto element, fields->Get("merges"));
  simdjson::dom::array list;
  if (element.get(list) != simdjson::SUCCESS) return fields->Refuse("has no list of `merges`");
  Merges made;
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const auto merge : list) {
    std::string_view left, right, text;
    if (merge.get(text) == simdjson::SUCCESS && text.substr(0, 8) == "#version") continue;
    if (!PairOf(merge, &left, &right)) return fields->Refuse("has a merge that is no pair");
    pairs.emplace_back(left, right);
  }
  made.table = MergeTable(pairs.size());
  std::string whole;
  for (size_t rank = 0; rank < pairs.size(); ++rank) {
    const auto& [left, right] = pairs[rank];
    if (right.size() < options.prefix.size()) {
      return fields->Refuse("has a merge without the `continuing_subword_prefix`");
    }
    if (left.empty() || right.size() == options.prefix.size()) {
      return fields->Refuse("has a merge of nothing");
    }
    whole.assign(left);
    whole += right.substr(options.prefix.size());
    const int32_t a = vocabulary.FindWritten(left), b = vocabulary.FindWritten(right),
                  c = vocabulary.FindWritten(whole);
    if (a < 0 || b < 0 || c < 0) {
      return fields->Refuse("merges `" + std::string(left) + "` and `" + std::string(right) +
                            "`, which are not in its `vocab`, or not together");
    }
    made.table.Add(a, b, {static_cast<uint32_t>(rank), c});
    if (options.byte_level) continue;
    size_t at = 0;
    char32_t last = NextCodePoint(whole, &at);
    while (at < whole.size()) {
      const char32_t next = NextCodePoint(whole, &at);
      made.pairs.Add(last, next);
      last = next;
    }
  }
  return made;
}

}  // namespace

Result<std::shared_ptr<const WordModel>> ParseBpe(JsonFields* fields, bool byte_level) {
  if (const auto dropout = fields->Find("dropout")) {
    double share = 0;
    if (dropout->get(share) != simdjson::SUCCESS || share != 0) {
      return fields->Refuse("has a `dropout`: it makes other tokens each time");
    }
  }
  BpeOptions options;
  options.byte_level = byte_level;
  ARROW_ASSIGN_OR_RAISE(options.prefix, fields->Text("continuing_subword_prefix", ""));
  ARROW_ASSIGN_OR_RAISE(options.suffix, fields->Text("end_of_word_suffix", ""));
  ARROW_ASSIGN_OR_RAISE(options.fuse_unknown, fields->Flag("fuse_unk", false));
  ARROW_ASSIGN_OR_RAISE(options.byte_fallback, fields->Flag("byte_fallback", false));
  ARROW_ASSIGN_OR_RAISE(options.ignore_merges, fields->Flag("ignore_merges", false));
  ARROW_ASSIGN_OR_RAISE(Vocabulary vocabulary, Vocabulary::Parse(fields, byte_level));
  if (vocabulary.twice() >= 0) {
    return fields->Refuse("has two tokens of the id " + std::to_string(vocabulary.twice()));
  }
  if (byte_level && (!options.prefix.empty() || options.byte_fallback)) {
    return fields->Refuse(
        "has a `continuing_subword_prefix` or `byte_fallback` behind ByteLevel, which is not "
        "supported");
  }
  bool whole_bytes = byte_level && options.suffix.empty();
  for (size_t byte = 0; byte < 256; ++byte) {
    char code[8];
    std::snprintf(code, sizeof code, "<0x%02X>", static_cast<unsigned>(byte));
    options.byte_tokens[byte] = vocabulary.FindWritten(code);
    const char text = static_cast<char>(byte);
    whole_bytes = whole_bytes && vocabulary.Find(std::string_view(&text, 1)) >= 0;
  }
  ARROW_ASSIGN_OR_RAISE(const std::string unknown, fields->Text("unk_token", ""));
  if (fields->Find("unk_token").has_value()) {
    options.unknown = vocabulary.FindWritten(unknown);
    if (options.unknown < 0 && !whole_bytes) {
      return fields->Refuse("has no token `" + unknown + "`, its `unk_token`");
    }
  }
  ARROW_ASSIGN_OR_RAISE(Merges merges, ReadMerges(fields, vocabulary, options));
  return std::make_shared<const BpeModel>(std::move(vocabulary), std::move(merges.table),
                                          std::move(merges.pairs), std::move(options));
}

}  // namespace millrace::op
