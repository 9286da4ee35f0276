// The `precompiled_charsmap` of a normalizer: a table of replacements as SentencePiece models have
// one, used as the `tokenizers` package uses it.
//
// Thread-safety: immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace millrace::op {

class Charsmap {
 public:
  /// BadValue when the base64 text holds none.
  static Result<Charsmap> Parse(std::string_view base64);

  /// False, and nothing appended, when the text stays as it is.
  bool Append(std::string_view text, std::string* out) const;

 private:
  std::optional<std::string_view> ReplacementOf(std::string_view part) const;

  std::vector<uint32_t> units_;  // a double array, as the Darts library makes them
  std::string replacements_;     // each ends in a zero byte
};

}  // namespace millrace::op
