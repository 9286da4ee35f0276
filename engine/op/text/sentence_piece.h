// How many tokens a SentencePiece model makes of a text: unigram and BPE models, as their files
// have them, counted as the library of that name counts.
//
// Our own reader: the library brings a protobuf of its own, which does not go together with that
// inside Arrow.
//
// Thread-safety: immutable after Parse; any thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace::op {

class SentencePieceModel {
 public:
  virtual ~SentencePieceModel() = default;
  /// Without marks of beginning and end.
  virtual int64_t CountTokens(std::string_view text) const = 0;

  /// BadValue when the bytes are no such model, or one of another kind ("word", "char").
  static Result<std::shared_ptr<const SentencePieceModel>> Parse(std::string_view bytes);
};

}  // namespace millrace::op
