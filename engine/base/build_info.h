// What this binary was built from. The text goes into manifests and reports, never into data.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// "0.1.0".
std::string_view Version();
/// The git commit, 12 hex digits, with "-dirty" when tracked files had been changed; "unknown"
/// outside a checkout. Recorded; it invalidates nothing.
std::string_view CodeVersion();
/// "25.0.1": the Arrow the binary runs with.
std::string ArrowVersion();
/// Everything that may shape bytes: version, Arrow, compressors and the CPU architecture, for
/// example "millrace-0.1.0 arrow-25.0.1 zstd-1.5.4 zlib-1.2.13 x86_64".
std::string EngineVersion();

}  // namespace millrace
