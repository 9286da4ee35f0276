// A text format as an object: what a format beside CSV and JSON Lines implements, and all that the
// rest of the engine knows of it. docs/guides/new_connector.md walks through one.
//
// Thread-safety: immutable; may be shared between threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_stream.h"
#include "io/record_reader.h"

namespace millrace::io {

/// What was told from a file because nobody declared it, for `plan`.
struct FormatFindings {
  double confidence = 1;             // 0..1
  std::vector<std::string> reasons;  // one sentence per decision
  std::string declaration;           // config lines that pin it; "" when nothing was told
};

class TextFormat {
 public:
  virtual ~TextFormat() = default;

  /// The `type` of such a source in a config.
  virtual std::string_view name() const = 0;
  /// Of the files of a folder that are meant: in lower case, with their dots.
  virtual std::vector<std::string> extensions() const = 0;
  /// Columns are a matter of each record, not of the file: one that a record lacks is null.
  virtual bool columns_vary() const { return false; }

  /// The reader of one file; `stream` is decompressed already.
  virtual Result<std::unique_ptr<RecordReader>> Open(std::unique_ptr<ByteStream> stream,
                                                     const Projection& projection) const = 0;
  /// From the first bytes of a file.
  virtual FormatFindings Examine(std::string_view /*head*/) const { return {}; }
};

}  // namespace millrace::io
