#include "base/build_info.h"

#include <arrow/config.h>

#include "base/generated_version.h"

namespace millrace {

std::string_view Version() { return kGeneratedVersion; }
std::string_view CodeVersion() { return kGeneratedCommit; }

std::string ArrowVersion() { return arrow::GetBuildInfo().version_string; }

std::string EngineVersion() {
#if defined(__x86_64__)
  constexpr std::string_view kArchitecture = "x86_64";
#elif defined(__aarch64__)
  constexpr std::string_view kArchitecture = "aarch64";
#else
  constexpr std::string_view kArchitecture = "other";
#endif
  std::string text = "millrace-" + std::string(Version());
  text += " arrow-" + ArrowVersion();
  text += " zstd-" + std::string(kGeneratedZstd);
  text += " zlib-" + std::string(kGeneratedZlib);
  text += ' ' + std::string(kArchitecture);
  return text;
}

}  // namespace millrace
