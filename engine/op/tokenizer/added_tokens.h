// The `added_tokens` of a tokenizer.json: texts that are one token wherever they stand.
//
// Thread-safety: immutable after Parse; any thread may call.
#pragma once

#include <simdjson.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "op/text/piece_trie.h"
#include "op/tokenizer/normalizer.h"
#include "op/tokenizer/word_model.h"

namespace millrace::op {

class AddedTokens {
 public:
  /// Both lists of the file: what is looked for in texts as they are, and in normal ones.
  struct Both;
  static Result<Both> Parse(std::optional<simdjson::dom::element> list,
                            const TokenizerNormalizer& normalizer, const Vocabulary& vocabulary);

  bool empty() const { return tokens_.empty(); }

  /// Calls between(begin, end) for what stands before, between and behind tokens, and token() for
  /// each of them, in the order of the text.
  template <typename Between, typename Token>
  void Cut(std::string_view text, const Between& between, const Token& token) const {
    size_t done = 0;  // all before it was told
    for (size_t at = 0; at < text.size();) {
      if (!begins_[static_cast<unsigned char>(text[at])]) {
        ++at;
        continue;
      }
      int32_t found = -1;
      size_t bytes = 0;
      trie_.ForPrefixes(text.substr(at), [&](int32_t of, size_t length) {
        found = of;
        bytes = length;
      });
      if (found < 0) {
        ++at;
        continue;
      }
      size_t begin = at, end = at + bytes;
      at = end;  // the next one is looked for behind it, whatever becomes of it
      if (!Widen(tokens_[static_cast<size_t>(found)], text, done, &begin, &end)) continue;
      if (done < begin) between(done, begin);
      token();
      done = end;
    }
    if (done != text.size()) between(done, text.size());
  }

 private:
  struct Token {
    std::string text;
    bool single_word = false, strips_left = false, strips_right = false;
    bool operator==(const Token& other) const {
      return text == other.text && single_word == other.single_word &&
             strips_left == other.strips_left && strips_right == other.strips_right;
    }
  };

  Status Add(const Token& token);
  /// False when it does not count as a token where it stands.
  static bool Widen(const Token& token, std::string_view text, size_t done, size_t* begin,
                    size_t* end);

  std::vector<Token> tokens_;
  PieceTrie trie_;
  std::array<bool, 256> begins_{};  // by the first byte
};

struct AddedTokens::Both {
  AddedTokens as_written, normalized;
};

}  // namespace millrace::op
