// Text of any known encoding as a stream of UTF-8.
//
// What cannot be decoded is never replaced: a lone surrogate becomes the three bytes that UTF-8
// would use for it, an odd last byte of UTF-16 the byte 0xff, and a byte that cp1252 leaves
// undefined stays as it is. None of these is valid UTF-8, so the reader of the format rejects the
// record they stand in, with its place and its bytes.
//
// Hashes and progress are those of the stream underneath; offsets of records count decoded bytes.
// Thread-safety: as ByteStream.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_stream.h"
#include "io/encoding/encoding.h"

namespace millrace::io {

/// Appends the UTF-8 of `bytes` to `out` and returns how many bytes were used: all but a cut
/// character at the end, unless `last`.
size_t DecodeText(Encoding encoding, std::string_view bytes, bool last, std::string* out);

/// Bytes looked at for telling an encoding.
inline constexpr int64_t kEncodingHeadBytes = 256 << 10;

struct TextStream {
  /// UTF-8. A byte order mark of UTF-8 is still there, one of UTF-16 is not.
  std::unique_ptr<ByteStream> stream;
  DetectedEncoding detected;
};

/// Reads the stream's head, tells the encoding from it and from `others` (parts of the file further
/// on, or none) unless `declared` says it, and gives a stream that starts at the file's start.
Result<TextStream> OpenTextStream(std::unique_ptr<ByteStream> stream,
                                  std::optional<Encoding> declared,
                                  const std::vector<std::string>& others);

/// The next bytes of a stream, at most `bytes`; `*stream` still gives them.
Result<std::string> PeekBytes(int64_t bytes, std::unique_ptr<ByteStream>* stream);

}  // namespace millrace::io
