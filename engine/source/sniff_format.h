// Which format a file is in, for looking at files nobody has described.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/store.h"
#include "source/file_source.h"

namespace millrace::source {

/// The `type` of such a source in a config: "csv", "jsonl", "parquet", "xml", ...
std::string_view FormatName(const FormatOptions& format);

/// Every format with its defaults, in the order in which names are tried: a new format is one line
/// in the table behind this, and its fields in pipeline/config/source_fields.cc.
const std::vector<FormatOptions>& KnownFormats();

/// Columns are a matter of each record, not of the file, which may therefore lack any.
bool ColumnsVary(const FormatOptions& format);

/// By Parquet's magic bytes, then by the name's extension (also with .gz, .zst, .bz2 or .lz4
/// behind), then by the first byte of the decompressed text that is not blank: '{'
/// and '[' are JSON, anything else is CSV. Errors are those of opening and reading the file.
Result<FormatOptions> SniffFormat(io::Store& store, const std::string& key);

}  // namespace millrace::source
