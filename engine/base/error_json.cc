#include "base/error_json.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace millrace {

std::string ErrorToJson(const Status& status) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Diagnostic& d : DiagnosticsOf(status)) {
    nlohmann::ordered_json item;
    item["code"] = FormatErrorCode(d.code);
    item["kind"] = std::string(ErrorKindName(KindOf(d.code)));
    item["message"] = Redact(d.message);
    if (!d.suggestion.empty()) item["suggestion"] = Redact(d.suggestion);
    if (!d.span.file.empty()) item["file"] = d.span.file;
    if (d.span.known()) {
      item["line"] = d.span.line;
      item["column"] = d.span.column;
    }
    list.push_back(std::move(item));
  }
  const nlohmann::ordered_json json = {
      {"ok", false}, {"exit_code", ExitCodeOf(status)}, {"errors", std::move(list)}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace millrace
