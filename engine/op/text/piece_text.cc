#include "op/text/piece_text.h"

#include <algorithm>
#include <cstring>

#include "base/utf8.h"

namespace millrace::op {
namespace {

constexpr std::string_view kSpace = "\xe2\x96\x81";        // U+2581
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// A unit of a double array.
bool HasLeaf(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t Value(uint32_t unit) { return unit & 0x7fffffff; }
uint32_t Label(uint32_t unit) { return unit & 0x800000ff; }
uint32_t Offset(uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }

}  // namespace

size_t CharacterBytes(std::string_view text) {
  static constexpr uint8_t kBytes[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
  return std::min<size_t>(kBytes[static_cast<unsigned char>(text[0]) >> 4], text.size());
}

Result<PieceText> PieceText::Make(const PieceModel& model) {
  PieceText made;
  made.dummy_prefix_ = model.dummy_prefix;
  made.remove_extra_spaces_ = model.remove_extra_spaces;
  made.escape_spaces_ = model.escape_spaces;
  made.space_as_suffix_ = model.space_as_suffix;
  for (size_t i = 0; i < model.pieces.size(); ++i) {
    const Piece& piece = model.pieces[i];
    if (piece.type == Piece::kUserDefined) made.kept_.Add(piece.text, static_cast<int32_t>(i));
  }
  if (model.charsmap.empty()) return made;
  uint32_t bytes = 0;
  const size_t head = sizeof bytes;
  if (model.charsmap.size() > head) std::memcpy(&bytes, model.charsmap.data(), head);
  if (bytes == 0 || bytes % sizeof(uint32_t) != 0 || bytes >= model.charsmap.size() - head ||
      model.charsmap.back() != '\0') {
    return MakeError(ErrorCode::kBadValue,
                     "it is no SentencePiece model: its table of replacements is damaged");
  }
  made.units_.resize(bytes / sizeof(uint32_t));
  std::memcpy(made.units_.data(), model.charsmap.data() + head, bytes);
  made.replacements_ = model.charsmap.substr(head + bytes);
  return made;
}

PieceText::Prefix PieceText::NextPrefix(std::string_view text) const {
  size_t kept = 0;
  kept_.ForPrefixes(text, [&](int32_t, size_t bytes) { kept = bytes; });
  if (kept > 0) return {text.substr(0, kept), kept};
  // The longest that there is a replacement of.
  size_t longest = 0;
  uint32_t value = 0;
  if (!units_.empty()) {
    size_t node = Offset(units_[0]);
    for (size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      node ^= byte;
      if (node >= units_.size() || Label(units_[node]) != byte) break;
      const uint32_t unit = units_[node];
      node ^= Offset(unit);
      if (node >= units_.size()) break;
      if (HasLeaf(unit)) {
        longest = i + 1;
        value = Value(units_[node]);
      }
    }
  }
  if (longest > 0 && value < replacements_.size()) {
    return {std::string_view(replacements_.c_str() + value), longest};
  }
  uint32_t point = 0;
  const size_t bytes = CodePointAt(text, 0, &point);
  return bytes == 0 ? Prefix{kReplacement, 1} : Prefix{text.substr(0, bytes), bytes};
}

std::string PieceText::Prepare(std::string_view text) const {
  std::string out;
  if (remove_extra_spaces_) {
    while (!text.empty()) {
      const Prefix prefix = NextPrefix(text);
      if (prefix.text != " ") break;
      text.remove_prefix(prefix.bytes);
    }
  }
  if (text.empty()) return out;
  const std::string_view space = escape_spaces_ ? kSpace : " ";
  if (dummy_prefix_ && !space_as_suffix_) out += space;
  bool after_space = remove_extra_spaces_;
  while (!text.empty()) {
    const Prefix prefix = NextPrefix(text);
    std::string_view part = prefix.text;
    while (after_space && !part.empty() && part[0] == ' ') part.remove_prefix(1);
    if (!part.empty()) {
      for (const char c : part) {
        if (c == ' ') {
          out += space;
        } else {
          out += c;
        }
      }
      after_space = part.back() == ' ';
    }
    text.remove_prefix(prefix.bytes);
    if (!remove_extra_spaces_) after_space = false;
  }
  if (remove_extra_spaces_) {
    while (out.size() >= space.size() &&
           std::string_view(out).substr(out.size() - space.size()) == space) {
      out.resize(out.size() - space.size());
    }
  }
  if (dummy_prefix_ && space_as_suffix_) out += space;
  return out;
}

}  // namespace millrace::op
