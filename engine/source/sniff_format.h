// Which format a file is in, for looking at files nobody has described.
#pragma once

#include <string>
#include <string_view>

#include "io/store.h"
#include "source/file_source.h"

namespace millrace::source {

/// "csv", "jsonl" or "parquet".
std::string_view FormatName(const FormatOptions& format);

/// By Parquet's magic bytes, then by the name (.jsonl, .ndjson, .json, .csv, .tsv, .parquet, also
/// with .gz, .zst, .bz2 or .lz4 behind), then by the first byte of the decompressed text that is
/// not blank: '{' and '[' are JSON, anything else is CSV. Errors are those of opening and reading
/// the file.
Result<FormatOptions> SniffFormat(io::Store& store, const std::string& key);

}  // namespace millrace::source
