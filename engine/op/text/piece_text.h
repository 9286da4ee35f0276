// A text prepared as a SentencePiece model wants it. Internal to sentence_piece.
//
// Thread-safety: immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "op/text/piece_model.h"
#include "op/text/piece_trie.h"

namespace millrace::op {

/// The bytes of the character that begins a text, told by its first byte alone.
size_t CharacterBytes(std::string_view text);

class PieceText {
 public:
  /// BadValue when the table of replacements is none.
  static Result<PieceText> Make(const PieceModel& model);

  std::string Prepare(std::string_view text) const;

 private:
  struct Prefix {
    std::string_view text;  // what stands for it
    size_t bytes = 0;       // of the text that was looked at
  };
  Prefix NextPrefix(std::string_view text) const;

  bool dummy_prefix_ = true, remove_extra_spaces_ = true, escape_spaces_ = true;
  bool space_as_suffix_ = false;
  std::vector<uint32_t> units_;  // a double array, as the Darts library makes them
  std::string replacements_;     // each ends in a zero byte
  PieceTrie kept_;               // symbols of the user, which stay as they are
};

}  // namespace millrace::op
