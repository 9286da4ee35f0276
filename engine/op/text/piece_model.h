// What stands in the file of a SentencePiece model. Internal to sentence_piece.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace millrace::op {

struct Piece {
  enum Type { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };
  std::string text;
  float score = 0;
  int type = kNormal;
};

struct PieceModel {
  enum Kind { kUnigram = 1, kBpe = 2, kWord = 3, kChar = 4 };
  std::vector<Piece> pieces;
  int kind = kUnigram;
  bool byte_fallback = false, space_as_suffix = false;
  // How a text is prepared.
  std::string charsmap;  // a table of replacements; may be empty
  bool dummy_prefix = true, remove_extra_spaces = true, escape_spaces = true;
};

/// BadValue when the bytes are not what they should be.
Result<PieceModel> ReadPieceModel(std::string_view bytes);

}  // namespace millrace::op
