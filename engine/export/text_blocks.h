// Compressing a text file block by block, so that blocks can be worked on in parallel and the bytes
// depend on the text alone. The result is one ordinary gzip member or zstd frame: readers that stop
// after the first member or frame read all of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "export/export.h"

namespace millrace::exporting {

/// A block on its way: made in parallel, joined in order.
struct TextBlock {
  std::string bytes;   // to be written, or for zstd to be compressed by the joiner
  uint32_t crc32 = 0;  // gzip: of the text
  uint64_t text_bytes = 0;
};

/// The parallel part; pure. gzip deflates the block to a byte boundary without closing the stream.
Result<TextBlock> MakeTextBlock(std::string text, TextCompression compression, int level);

/// The serial part: takes blocks in order and gives the bytes of the file.
/// Thread-safety: one thread.
class TextJoiner {
 public:
  virtual ~TextJoiner() = default;
  virtual Result<std::string> Header() = 0;
  virtual Result<std::string> Add(TextBlock block) = 0;
  virtual Result<std::string> Finish() = 0;
};
Result<std::unique_ptr<TextJoiner>> MakeTextJoiner(TextCompression compression, int level);

/// ".jsonl", ".jsonl.gz" or ".jsonl.zst".
std::string JsonlSuffix(TextCompression compression);

}  // namespace millrace::exporting
