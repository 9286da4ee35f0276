#include "contract/text_prepare.h"

#include <arrow/builder.h>

#include "contract/cast/cast_loop.h"

namespace millrace::contract {

namespace {

// Bytes of the white space character at the front of `text`, 0 when there is none. White_Space is
// U+0009-000D, 0020, 0085, 00A0, 1680, 2000-200A, 2028, 2029, 202F, 205F and 3000.
size_t SpaceAtFront(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  if (byte(0) < 0x80) return byte(0) == ' ' || (byte(0) >= 9 && byte(0) <= 13) ? 1 : 0;
  if (text.size() >= 2 && byte(0) == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
  if (text.size() < 3) return 0;
  const unsigned code = (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  if ((byte(0) & 0xF0) != 0xE0) return 0;
  const bool space = code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
                     code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
  return space ? 3 : 0;
}

size_t SpaceAtBack(std::string_view text) {
  for (size_t width = 1; width <= 3 && width <= text.size(); ++width) {
    if (SpaceAtFront(text.substr(text.size() - width)) == width) return width;
  }
  return 0;
}

}  // namespace

std::string_view Trimmed(std::string_view text, Trim trim) {
  if (trim == Trim::kBoth || trim == Trim::kLeft) {
    while (const size_t width = SpaceAtFront(text)) text.remove_prefix(width);
  }
  if (trim == Trim::kBoth || trim == Trim::kRight) {
    while (const size_t width = SpaceAtBack(text)) text.remove_suffix(width);
  }
  return text;
}

Result<std::shared_ptr<arrow::StringArray>> TrimTexts(std::shared_ptr<arrow::StringArray> texts,
                                                      Trim trim) {
  if (trim == Trim::kNone) return texts;
  int64_t row = 0;
  const auto clean = [&](int64_t at) {
    return texts->IsNull(at) ||
           Trimmed(texts->GetView(at), trim).size() == texts->GetView(at).size();
  };
  while (row < texts->length() && clean(row)) ++row;
  if (row == texts->length()) return texts;
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(texts->length()));
  ARROW_RETURN_NOT_OK(builder.ReserveData(texts->total_values_length()));
  for (int64_t i = 0; i < texts->length(); ++i) {
    if (texts->IsNull(i)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(Trimmed(texts->GetView(i), trim));
    }
  }
  std::shared_ptr<arrow::StringArray> trimmed;
  ARROW_RETURN_NOT_OK(builder.Finish(&trimmed));
  return trimmed;
}

Result<std::shared_ptr<arrow::StringArray>> NullTexts(std::shared_ptr<arrow::StringArray> texts,
                                                      const std::vector<std::string>& null_values) {
  if (null_values.empty()) return texts;
  std::vector<CastFailure> nulls;
  for (int64_t row = 0; row < texts->length(); ++row) {
    if (texts->IsNull(row)) continue;
    const std::string_view text = texts->GetView(row);
    for (const std::string& word : null_values) {
      if (text == word) {
        nulls.push_back({row, CastError::kNone});
        break;
      }
    }
  }
  if (nulls.empty()) return texts;
  return WithoutRows(*texts, nulls);
}

}  // namespace millrace::contract
