#include "op/tokenizer/added_tokens.h"

#include <algorithm>
#include <map>

#include "base/utf8.h"
#include "op/text/code_points.h"
#include "op/tokenizer/char_table.h"
#include "op/tokenizer/json_fields.h"

namespace millrace::op {
namespace {

// Where the character that ends at `end` begins.
size_t BeginOfLast(std::string_view text, size_t end) {
  do {
    --end;
  } while ((static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u);
  return end;
}

bool IsWordAt(std::string_view text, size_t at) {
  return CharTable::Of().Has(NextCodePoint(text, &at), CharTable::kWord);
}

}  // namespace

bool AddedTokens::Widen(const Token& token, std::string_view text, size_t done, size_t* begin,
                        size_t* end) {
  if (token.single_word) {
    if (*begin > 0 && IsWordAt(text, BeginOfLast(text, *begin))) return false;
    if (*end < text.size() && IsWordAt(text, *end)) return false;
  }
  if (token.strips_left) {
    size_t from = *begin;
    while (from > 0) {
      size_t at = BeginOfLast(text, from);
      const size_t last = at;
      if (!IsSpace(NextCodePoint(text, &at))) break;
      from = last;
    }
    *begin = std::max(from, done);
  }
  if (token.strips_right) {
    while (*end < text.size()) {
      size_t at = *end;
      if (!IsSpace(NextCodePoint(text, &at))) break;
      *end = at;
    }
  }
  return true;
}

Status AddedTokens::Add(const Token& token) {
  const int32_t known = trie_.Find(token.text);
  if (known >= 0) {
    if (tokens_[static_cast<size_t>(known)] == token) return Status::OK();
    return MakeError(ErrorCode::kBadValue, "its added tokens have the text `" +
                                               CutText(token.text, 40) + "` twice, in two ways");
  }
  trie_.Add(token.text, static_cast<int32_t>(tokens_.size()));
  begins_[static_cast<unsigned char>(token.text[0])] = true;
  tokens_.push_back(token);
  return Status::OK();
}

Result<AddedTokens::Both> AddedTokens::Parse(std::optional<simdjson::dom::element> list,
                                             const TokenizerNormalizer& normalizer,
                                             const Vocabulary& vocabulary) {
  Both made;
  if (!list.has_value()) return made;
  simdjson::dom::array array;
  if (list->get(array) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kBadValue, "it has no list of `added_tokens`");
  }
  // Ids are given anew, and what is given the id of another takes its place: as the package does
  // it.
  struct Entry {
    Token token;
    bool normalized = false;
  };
  std::map<int64_t, Entry> by_id;
  std::map<std::string, int64_t> ids;
  const auto size = static_cast<int64_t>(vocabulary.size());
  int64_t next = size;
  for (const auto element : array) {
    ARROW_ASSIGN_OR_RAISE(JsonFields fields, JsonFields::Of(element, "an added token"));
    Entry entry;
    ARROW_ASSIGN_OR_RAISE(entry.token.text, fields.Text("content"));
    ARROW_ASSIGN_OR_RAISE(entry.token.single_word, fields.Flag("single_word"));
    ARROW_ASSIGN_OR_RAISE(entry.token.strips_left, fields.Flag("lstrip"));
    ARROW_ASSIGN_OR_RAISE(entry.token.strips_right, fields.Flag("rstrip"));
    ARROW_ASSIGN_OR_RAISE(entry.normalized, fields.Flag("normalized"));
    fields.Ignore("id");
    fields.Ignore("special");  // of decoding
    ARROW_RETURN_NOT_OK(fields.Done());
    const std::string& text = entry.token.text;
    if (text.empty()) continue;
    int64_t id = 0;
    if (const auto known = ids.find(text); known != ids.end()) {
      id = known->second;
    } else {
      id = vocabulary.FindWritten(text);
      if (id < 0) id = next++;
    }
    ids[text] = id;
    by_id[id] = std::move(entry);
  }
  for (auto& [id, entry] : by_id) {
    if (!entry.normalized) {
      ARROW_RETURN_NOT_OK(made.as_written.Add(entry.token));
      continue;
    }
    TokenizerNormalizer::Scratch scratch;
    Token token = entry.token;
    token.text = normalizer.Apply(entry.token.text, &scratch);
    if (token.text.empty()) {
      return MakeError(ErrorCode::kBadValue, "the added token `" + CutText(entry.token.text, 40) +
                                                 "` is nothing in normal form");
    }
    ARROW_RETURN_NOT_OK(made.normalized.Add(token));
  }
  return made;
}

}  // namespace millrace::op
