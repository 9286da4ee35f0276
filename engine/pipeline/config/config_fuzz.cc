// Whatever the text: loading ends in a config whose canonical form reads back, or in problems.
#include <cstdint>
#include <string>

#include "base/status.h"
#include "pipeline/config/loader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::pipeline::ParseConfig;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto config = ParseConfig(text, "fuzz.yaml", "/nonexistent", {});
  if (!config.ok()) {
    for (const millrace::Diagnostic& problem : millrace::DiagnosticsOf(config.status())) {
      MILLRACE_CHECK(millrace::KindOf(problem.code) == millrace::ErrorKind::kUser);
      MILLRACE_CHECK(!problem.message.empty());
    }
    return 0;
  }
  const auto again = ParseConfig(config->resolved_yaml, "resolved.yaml", "/nonexistent", {});
  MILLRACE_CHECK(again.ok());
  MILLRACE_CHECK(again->resolved_yaml == config->resolved_yaml);
  MILLRACE_CHECK(again->config_hash == config->config_hash);
  return 0;
}
