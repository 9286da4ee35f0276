// What counts the tokens of a text by a model's own tokenizer.
//
// Thread-safety: immutable; any thread may call, each with its own scratch.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace millrace::op {

class TokenCounter {
 public:
  virtual ~TokenCounter() = default;

  /// What a thread keeps between two texts, of bounded size.
  struct Scratch {
    virtual ~Scratch() = default;
  };
  virtual std::unique_ptr<Scratch> NewScratch() const { return std::make_unique<Scratch>(); }

  /// Without marks of beginning and end. REQUIRES: valid UTF-8, a scratch of this counter.
  virtual int64_t CountTokens(std::string_view text, Scratch* scratch) const = 0;
};

}  // namespace millrace::op
