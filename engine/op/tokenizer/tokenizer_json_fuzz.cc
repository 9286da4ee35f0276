// Any bytes as a tokenizer.json and, behind a zero byte, a text to count.
#include <cstddef>
#include <cstdint>

#include "base/utf8.h"
#include "op/tokenizer/tokenizer_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;  // NOLINT(build/namespaces)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t zero = bytes.find('\0');
  const auto counter = op::ParseTokenizerJson(bytes.substr(0, zero));
  if (!counter.ok() || zero == std::string_view::npos) return 0;
  const std::string_view text = bytes.substr(zero + 1);
  uint32_t point = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CodePointAt(text, at, &point);
    if (length == 0) return 0;
    at += length;
  }
  const auto scratch = (*counter)->NewScratch();
  const int64_t tokens = (*counter)->CountTokens(text, scratch.get());
  // The second count is of words that the first one has kept.
  if (tokens < 0) __builtin_trap();
  if (tokens != (*counter)->CountTokens(text, scratch.get())) __builtin_trap();
  return 0;
}
