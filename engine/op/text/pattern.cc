#include "op/text/pattern.h"

#include <arrow/compute/api.h>

#include "contract/regex_fault.h"

namespace millrace::op {
namespace {

// Where the pattern says \C; npos when it does not. An escape is read as a whole.
size_t SingleByteAt(const std::string& pattern) {
  for (size_t at = pattern.find('\\'); at < pattern.size(); at = pattern.find('\\', at)) {
    if (pattern.compare(at, 2, "\\C") == 0) return at;
    if (pattern.compare(at, 2, "\\Q") == 0) {
      at = pattern.find("\\E", at);
      if (at == std::string::npos) break;
    }
    at += 2;
  }
  return std::string::npos;
}

}  // namespace

std::string PatternOf(const Request& request, std::string_view key) {
  const ConfigValue* pattern = request.parameters().Find(key);
  if (pattern == nullptr) return "";
  if (pattern->text.empty()) {
    request.Report(*pattern, ErrorCode::kBadValue, "the pattern is empty");
    return "";
  }
  if (!arrow::compute::Initialize().ok()) return "";
  auto fault = contract::FindRegexFault(pattern->text);
  if (!fault && SingleByteAt(pattern->text) != std::string::npos) {
    fault.emplace();
    fault->message = "`\\C` matches a part of a character, which is no text";
    fault->length = 0;
  }
  if (!fault) return pattern->text;
  Diagnostic diagnostic;
  diagnostic.code = ErrorCode::kBadValue;
  diagnostic.message = fault->message;
  diagnostic.span.line = 1;
  diagnostic.span.column = fault->position + 1;
  diagnostic.span.length = fault->length;
  if (fault->length == 0) {
    request.Report(*pattern, diagnostic.code, diagnostic.message, "`.` matches one character");
  } else {
    request.ReportInside(*pattern, diagnostic);
  }
  return "";
}

}  // namespace millrace::op
