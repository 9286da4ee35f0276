// The extensions of file names that mean a format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/file_source.h"

namespace millrace::source {

/// With their dots, in lower case.
std::vector<std::string> ExtensionsOf(const FormatOptions& format);

/// In any case of letters, alone or with .gz, .zst, .bz2 or .lz4 behind.
bool HasExtension(std::string_view key, const std::vector<std::string>& extensions);

/// Whether the name ends in one of these.
bool IsPacked(std::string_view key);

}  // namespace millrace::source
