#include "op/tokenizer/word_model.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "op/text/code_points.h"
#include "op/tokenizer/json_fields.h"
#include "op/tokenizer/word_splitter.h"

namespace millrace::op {

Result<Vocabulary> Vocabulary::Parse(JsonFields* model, bool bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto element, model->Get("vocab"));
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS)
    return model->Refuse("has no object as its `vocab`");
  Vocabulary made;
  made.texts_ = std::make_shared<std::string>();
  made.byte_keys_ = bytes;
  struct Entry {
    size_t end;
    int32_t id;
    bool written;
  };
  std::vector<Entry> entries;
  std::string text;
  for (const auto field : object) {
    int64_t id = 0;
    if (field.value.get(id) != simdjson::SUCCESS || id < 0 ||
        id > std::numeric_limits<int32_t>::max()) {
      return model->Refuse("has a token in its `vocab` whose id is no number");
    }
    const bool written = bytes && !BytesOfChars(field.key, &text);
    *made.texts_ += bytes && !written ? std::string_view(text) : std::string_view(field.key);
    entries.push_back({made.texts_->size(), static_cast<int32_t>(id), written});
  }
  // Keys point into the texts, which do not move anymore.
  made.ids_.reserve(entries.size());
  std::unordered_set<int32_t> seen;
  seen.reserve(entries.size());
  size_t begin = 0;
  for (const Entry& entry : entries) {
    const auto of = std::string_view(*made.texts_).substr(begin, entry.end - begin);
    begin = entry.end;
    (entry.written ? made.written_ : made.ids_)[of] = entry.id;
    made.longest_ = std::max(made.longest_, of.size());
    if (!seen.insert(entry.id).second) made.twice_ = entry.id;
  }
  made.size_ = made.ids_.size() + made.written_.size();
  return made;
}

Vocabulary Vocabulary::Of(std::vector<std::string> texts) {
  Vocabulary made;
  made.texts_ = std::make_shared<std::string>();
  for (const std::string& text : texts) *made.texts_ += text;
  size_t begin = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto of = std::string_view(*made.texts_).substr(begin, texts[i].size());
    begin += texts[i].size();
    made.ids_[of] = static_cast<int32_t>(i);
    made.longest_ = std::max(made.longest_, of.size());
  }
  made.size_ = texts.size();
  return made;
}

int32_t Vocabulary::FindWritten(std::string_view text) const {
  if (const auto at = written_.find(text); at != written_.end()) return at->second;
  std::string bytes;
  if (!byte_keys_) return Find(text);
  return BytesOfChars(text, &bytes) ? Find(bytes) : kNone;
}

namespace {

/// Words are tokens.
class WordLevelModel : public WordModel {
 public:
  explicit WordLevelModel(Vocabulary vocabulary) : WordModel(std::move(vocabulary)) {}
  int64_t CountTokens(std::string_view, Scratch*) const override { return 1; }
};

/// From the beginning on the longest token that fits.
class WordPieceModel : public WordModel {
 public:
  WordPieceModel(Vocabulary vocabulary, std::string prefix, int64_t characters_max)
      : WordModel(std::move(vocabulary)),
        prefix_(std::move(prefix)),
        characters_max_(characters_max) {}

  int64_t CountTokens(std::string_view word, Scratch* scratch) const override {
    int64_t characters = 0;
    for (size_t at = 0; at < word.size(); ++characters) NextCodePoint(word, &at);
    if (characters > characters_max_) return 1;
    int64_t tokens = 0;
    std::string& key = scratch->text;
    for (size_t begin = 0; begin < word.size(); ++tokens) {
      key.assign(begin > 0 ? prefix_ : std::string());
      const size_t head = key.size();
      if (head > vocabulary_.longest()) return 1;
      key += word.substr(begin, vocabulary_.longest() - head);
      // A character that was cut is no part of a token.
      size_t bytes = key.size() - head;
      while (bytes > 0 && vocabulary_.Find(std::string_view(key).substr(0, head + bytes)) < 0) {
        --bytes;
      }
      if (bytes == 0) return 1;
      begin += bytes;
    }
    return tokens;
  }

 private:
  std::string prefix_;
  int64_t characters_max_;
};

Status NeedsUnknown(JsonFields* fields, const Vocabulary& vocabulary) {
  ARROW_ASSIGN_OR_RAISE(const std::string unknown, fields->Text("unk_token"));
  if (vocabulary.Find(unknown) >= 0) return Status::OK();
  return fields->Refuse("has no token `" + unknown + "`, its `unk_token`");
}

}  // namespace

Result<std::shared_ptr<const WordModel>> ParseWordLevel(JsonFields* fields) {
  ARROW_ASSIGN_OR_RAISE(Vocabulary vocabulary, Vocabulary::Parse(fields, false));
  ARROW_RETURN_NOT_OK(NeedsUnknown(fields, vocabulary));
  return std::make_shared<const WordLevelModel>(std::move(vocabulary));
}

Result<std::shared_ptr<const WordModel>> ParseWordPiece(JsonFields* fields) {
  ARROW_ASSIGN_OR_RAISE(Vocabulary vocabulary, Vocabulary::Parse(fields, false));
  ARROW_RETURN_NOT_OK(NeedsUnknown(fields, vocabulary));
  ARROW_ASSIGN_OR_RAISE(std::string prefix, fields->Text("continuing_subword_prefix"));
  ARROW_ASSIGN_OR_RAISE(const int64_t characters, fields->Integer("max_input_chars_per_word"));
  return std::make_shared<const WordPieceModel>(std::move(vocabulary), std::move(prefix),
                                                characters);
}

Result<std::shared_ptr<const WordModel>> WordModel::Parse(simdjson::dom::element model,
                                                          bool byte_level) {
  ARROW_ASSIGN_OR_RAISE(JsonFields fields, JsonFields::Of(model, "its model"));
  ARROW_ASSIGN_OR_RAISE(const std::string type, fields.Text("type"));
  Result<std::shared_ptr<const WordModel>> made = std::shared_ptr<const WordModel>();
  if (type == "BPE") {
    made = ParseBpe(&fields, byte_level);
  } else if (type == "WordPiece") {
    made = ParseWordPiece(&fields);
  } else if (type == "WordLevel") {
    made = ParseWordLevel(&fields);
  } else if (type == "Unigram") {
    made = ParseUnigram(&fields);
  } else {
    return MakeError(ErrorCode::kBadValue, "its model `" + type + "` is not supported",
                     "what is: BPE, Unigram, WordLevel, WordPiece");
  }
  if (byte_level && type != "BPE") {
    return fields.Refuse("is a `" + type + "` behind ByteLevel, which is not supported");
  }
  ARROW_RETURN_NOT_OK(made.status());
  ARROW_RETURN_NOT_OK(fields.Done());
  return made;
}

}  // namespace millrace::op
