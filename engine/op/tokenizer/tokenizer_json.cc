#include "op/tokenizer/tokenizer_json.h"

#include <xxhash.h>

#include <cstring>
#include <set>
#include <vector>

#include "op/tokenizer/added_tokens.h"
#include "op/tokenizer/json_fields.h"
#include "op/tokenizer/normalizer.h"
#include "op/tokenizer/word_model.h"
#include "op/tokenizer/word_splitter.h"

namespace millrace::op {
namespace {

/// Counts of words that were seen: a table of fixed size, where a new word takes the place of an
/// old one.
class WordCache {
 public:
  static constexpr size_t kBytesMax = 27;  // longer words are not kept

  WordCache() : slots_(kSlots) {}

  /// The slot of the word, which holds it or must be filled.
  struct Slot {
    char text[kBytesMax];
    uint8_t size = 0;
    uint32_t count = 0;
    bool Holds(std::string_view word) const {
      return size == word.size() && std::memcmp(text, word.data(), word.size()) == 0;
    }
    void Fill(std::string_view word, int64_t tokens) {
      std::memcpy(text, word.data(), word.size());
      size = static_cast<uint8_t>(word.size());
      count = static_cast<uint32_t>(tokens);
    }
  };
  Slot& SlotOf(std::string_view word) {
    return slots_[XXH3_64bits(word.data(), word.size()) % kSlots];
  }

 private:
  static constexpr size_t kSlots = 1 << 15;  // 1 MiB
  std::vector<Slot> slots_;
};
static_assert(sizeof(WordCache::Slot) == 32);

class Tokenizer : public TokenCounter {
 public:
  static Result<std::shared_ptr<const TokenCounter>> Parse(simdjson::dom::element root);

  std::unique_ptr<TokenCounter::Scratch> NewScratch() const override {
    return std::make_unique<Scratch>();
  }

  int64_t CountTokens(std::string_view text, TokenCounter::Scratch* scratch) const override {
    Counting counting(*this, static_cast<Scratch*>(scratch));
    added_.as_written.Cut(
        text,
        [&](size_t begin, size_t end) {
          counting.AddPiece(text.substr(begin, end - begin), begin == 0);
        },
        [&] { ++counting.tokens; });
    return counting.tokens;
  }

 private:
  struct Scratch : TokenCounter::Scratch {
    TokenizerNormalizer::Scratch normalizer;
    WordSplitter::Scratch splitter;
    WordModel::Scratch model;
    WordCache cache;
    std::string bytes;
  };

  class Counting : public WordSink {
   public:
    Counting(const Tokenizer& of, Scratch* scratch) : of_(of), scratch_(scratch) {}

    void AddPiece(std::string_view piece, bool at_zero) {
      bool* place = of_.splitter_.needs_place() ? &at_zero : nullptr;
      const std::string_view text = of_.normalizer_.Apply(piece, &scratch_->normalizer, place);
      of_.added_.normalized.Cut(
          text,
          [&](size_t begin, size_t end) {
            of_.splitter_.Split(text.substr(begin, end - begin), at_zero && begin == 0,
                                &scratch_->splitter, this);
          },
          [&] { ++tokens; });
    }

    void Add(std::string_view word) override {
      if (of_.mapped_) {
        BytesOfChars(word, &scratch_->bytes);
        word = scratch_->bytes;
      }
      for (size_t begin = 0; begin < word.size();) {
        const size_t end = of_.model_->PartEnd(word, begin);
        AddPart(word.substr(begin, end - begin));
        begin = end;
      }
    }

    int64_t tokens = 0;

   private:
    void AddPart(std::string_view part) {
      if (part.size() > WordCache::kBytesMax) {
        tokens += of_.model_->CountTokens(part, &scratch_->model);
        return;
      }
      WordCache::Slot& slot = scratch_->cache.SlotOf(part);
      if (!slot.Holds(part)) slot.Fill(part, of_.model_->CountTokens(part, &scratch_->model));
      tokens += slot.count;
    }

    const Tokenizer& of_;
    Scratch* scratch_;
  };

  TokenizerNormalizer normalizer_;
  WordSplitter splitter_;
  std::shared_ptr<const WordModel> model_;
  AddedTokens::Both added_;
  bool mapped_ = false;  // words are characters that stand for bytes
};

/// What comes after tokens were made adds none without special ones, but must be known to do so.
Status CheckPostProcessor(simdjson::dom::element element, int depth) {
  ARROW_ASSIGN_OR_RAISE(JsonFields fields, JsonFields::Of(element, "its post-processor"));
  ARROW_ASSIGN_OR_RAISE(const std::string type, fields.Text("type"));
  static const auto* known = new std::set<std::string>{"BertProcessing", "ByteLevel",
                                                       "RobertaProcessing", "TemplateProcessing"};
  if (known->count(type) > 0) return Status::OK();
  if (type != "Sequence" || depth > 8) {
    return MakeError(ErrorCode::kBadValue, "its post-processor `" + type + "` is not supported",
                     "what is: BertProcessing, ByteLevel, RobertaProcessing, Sequence, "
                     "TemplateProcessing");
  }
  ARROW_ASSIGN_OR_RAISE(const auto parts, fields.Get("processors"));
  simdjson::dom::array array;
  if (parts.get(array) != simdjson::SUCCESS) return fields.Refuse("has no list of `processors`");
  for (const auto part : array) ARROW_RETURN_NOT_OK(CheckPostProcessor(part, depth + 1));
  return Status::OK();
}

Result<std::shared_ptr<const TokenCounter>> Tokenizer::Parse(simdjson::dom::element root) {
  ARROW_ASSIGN_OR_RAISE(JsonFields fields, JsonFields::Of(root, "it"));
  ARROW_ASSIGN_OR_RAISE(const std::string version, fields.Text("version"));
  if (version != "1.0") return fields.Refuse("is of version `" + version + "`, not 1.0");
  const auto made = std::make_shared<Tokenizer>();
  if (const auto normalizer = fields.Find("normalizer")) {
    ARROW_ASSIGN_OR_RAISE(made->normalizer_, TokenizerNormalizer::Parse(*normalizer));
  }
  if (const auto splitter = fields.Find("pre_tokenizer")) {
    ARROW_ASSIGN_OR_RAISE(made->splitter_, WordSplitter::Parse(*splitter));
  }
  if (const auto processor = fields.Find("post_processor")) {
    ARROW_RETURN_NOT_OK(CheckPostProcessor(*processor, 0));
  }
  ARROW_ASSIGN_OR_RAISE(const auto model, fields.Get("model"));
  ARROW_ASSIGN_OR_RAISE(made->model_, WordModel::Parse(model, made->splitter_.byte_level()));
  made->mapped_ = made->splitter_.words_are_mapped();
  ARROW_ASSIGN_OR_RAISE(made->added_,
                        AddedTokens::Parse(fields.Find("added_tokens"), made->normalizer_,
                                           made->model_->vocabulary()));
  if (made->splitter_.needs_place() &&
      (made->normalizer_.loses_its_place() ||
       (made->normalizer_.inserts() && !made->added_.normalized.empty()))) {
    return fields.Refuse(
        "has a Metaspace of the prepend_scheme `first` behind a normalizer that moves the "
        "beginning of texts, which is not supported");
  }
  for (const char* key : {"truncation", "padding", "decoder"}) fields.Ignore(key);
  ARROW_RETURN_NOT_OK(fields.Done());
  return made;
}

}  // namespace

Result<std::shared_ptr<const TokenCounter>> ParseTokenizerJson(std::string_view bytes) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(bytes.data(), bytes.size(), /*realloc_if_needed=*/true).get(root);
  if (error != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kBadValue, std::string("it is no tokenizer.json: it is no JSON (") +
                                               simdjson::error_message(error) + ")");
  }
  const auto made = Tokenizer::Parse(root);
  if (made.ok()) return made;
  return WithContext(made.status(), "it is no tokenizer.json that can be counted by");
}

}  // namespace millrace::op
