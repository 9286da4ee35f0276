// A file without what is no part of its table: other tables, a footer. What is left out is counted,
// and the stream below is read to its end, so that its hash is known.
// Thread-safety: as ByteStream.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "io/refilled_stream.h"

namespace millrace::io::csv {

class TrimmedStream : public RefilledStream {
 public:
  using RefilledStream::RefilledStream;
  /// Bytes left out before what was read; known once a byte was read, or the end was seen.
  virtual int64_t skipped_before() const = 0;
  /// Bytes left out behind it; known at the end.
  virtual int64_t skipped_behind() const = 0;
};

/// The lines of table `number`, from 1: tables are runs of lines between blank lines. A blank line
/// ends a table whatever quotes are open.
std::unique_ptr<TrimmedStream> MakeTableStream(std::unique_ptr<ByteStream> stream, int number);

class FooterlessStream : public TrimmedStream {
 public:
  using TrimmedStream::TrimmedStream;
  /// Lines that were left out, blank ones not counted; known at the end.
  virtual int footer_rows() const = 0;
};

/// How many lines are to be left out, asked once, with the last kFooterBytesMax bytes of the file,
/// cut anywhere.
using CountFooter = std::function<Result<int>(std::string_view tail)>;

/// All but the last lines that are not blank, and what blank lines follow them. They are looked for
/// in the last kFooterBytesMax bytes.
std::unique_ptr<FooterlessStream> MakeFooterlessStream(std::unique_ptr<ByteStream> stream,
                                                       CountFooter count);

}  // namespace millrace::io::csv
