// How many tokens a Hugging Face `tokenizer.json` makes of a text: exactly as many as the package
// `tokenizers` does with `encode(text, add_special_tokens=False)`, whatever the file says of
// truncation and padding. What the file has and is not known here is refused when it is read.
//
// Thread-safety: immutable after Parse; any thread may call, each with its own scratch.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "op/text/token_counter.h"

namespace millrace::op {

/// BadValue, which names what is not known or damaged.
Result<std::shared_ptr<const TokenCounter>> ParseTokenizerJson(std::string_view bytes);

}  // namespace millrace::op
