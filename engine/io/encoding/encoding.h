// In which encoding a text file is, told from a part of its bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::io {

enum class Encoding { kUtf8, kUtf16Le, kUtf16Be, kLatin1, kCp1252 };

/// "utf-8", "utf-16le", "utf-16be", "latin-1", "cp1252".
std::string_view EncodingName(Encoding encoding);
std::optional<Encoding> EncodingByName(std::string_view name);
const std::vector<std::string>& EncodingNames();

struct DetectedEncoding {
  Encoding encoding = Encoding::kUtf8;
  int bom_bytes = 0;      // of the byte order mark at the start of the head
  double confidence = 1;  // 0..1
  std::string reason;     // a sentence; empty for plain UTF-8
};

/// `head` is the start of the file; `others` are parts from further on, cut anywhere. UTF-8 that
/// holds is certain. UTF-16 is told by its mark or by zero bytes on one side of the pairs; what is
/// no UTF-8 is cp1252 (which is Latin-1 but for 0x80 to 0x9f), less certain the less it looks like
/// words of a western language. NUL bytes and control characters speak for no text at all: that
/// is left as UTF-8, for the reader of the format to refuse.
DetectedEncoding DetectEncoding(std::string_view head, const std::vector<std::string>& others);

}  // namespace millrace::io
