// Any text is a template or refused with a place inside it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "expr/template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = millrace::expr::Template::Parse(text);
  if (parsed.ok()) {
    for (const auto& value : parsed->values()) {
      if (value.begin > value.end || value.end > text.size()) std::abort();
    }
    return 0;
  }
  for (const auto& problem : millrace::DiagnosticsOf(parsed.status())) {
    if (problem.message.empty() || problem.span.column < 1) std::abort();
  }
  return 0;
}
