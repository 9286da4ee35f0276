// How many tokens a SentencePiece model makes of a text: unigram and BPE models, as their files
// have them, counted as the library of that name counts.
//
// Our own reader: the library brings a protobuf of its own, which does not go together with that
// inside Arrow.
//
// Thread-safety: any thread may call.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "op/text/token_counter.h"

namespace millrace::op {

/// BadValue when the bytes are no such model, or one of another kind ("word", "char").
Result<std::shared_ptr<const TokenCounter>> ParseSentencePiece(std::string_view bytes);

}  // namespace millrace::op
