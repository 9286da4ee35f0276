#include "bind/error_bridge.h"

#include <nanobind/stl/string.h>

#include <string>

#include "base/error_json.h"
#include "base/escaped_text.h"
#include "base/log.h"

namespace millrace::python {
namespace {

namespace nb = nanobind;

// Texts of several lines keep them.
std::string EscapedLines(const std::string& text) {
  std::string out;
  size_t begin = 0;
  for (size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find('\n', begin);
    out += EscapedText(text.substr(begin, end == std::string::npos ? end : end - begin));
    if (end != std::string::npos) out += '\n';
  }
  return out;
}

// As the command line shows it: places, the offending lines and suggestions. Text that comes from
// files cannot steer the terminal that a traceback ends on.
std::string ShownError(const Status& status) {
  std::vector<Diagnostic> diagnostics = DiagnosticsOf(status);
  for (Diagnostic& d : diagnostics) {
    d.message = EscapedLines(Redact(d.message));
    d.source_line = EscapedLines(Redact(d.source_line));
    d.suggestion = EscapedLines(Redact(d.suggestion));
    if (d.span.file.empty()) d.span.file = "millrace";
  }
  std::string text = RenderDiagnostics(diagnostics);
  if (!text.empty()) text.pop_back();  // its last line break
  return text;
}

void Translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const StatusError& error) {
    if (error.status().IsCancelled()) {
      PyErr_SetNone(PyExc_KeyboardInterrupt);
      return;
    }
    try {
      nb::object exception =
          nb::module_::import_("millrace._errors")
              .attr("from_engine")(ErrorToJson(error.status()), ShownError(error.status()));
      PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
    } catch (nb::python_error& broken) {
      broken.restore();
    }
  }
}

constexpr struct {
  std::string_view name;
  ErrorCode code;
} kErrorCodes[] = {
#define X(name, number, kind, summary) {#name, ErrorCode::k##name},
    MILLRACE_ERROR_CODES(X)
#undef X
};

}  // namespace

std::map<std::string, std::string> ErrorCodes() {
  std::map<std::string, std::string> codes;
  for (const auto& one : kErrorCodes) codes[std::string(one.name)] = FormatErrorCode(one.code);
  return codes;
}

std::optional<ErrorCode> ErrorCodeNamed(std::string_view name) {
  for (const auto& one : kErrorCodes) {
    if (one.name == name) return one.code;
  }
  return std::nullopt;
}

void RegisterErrors() { nb::register_exception_translator(Translate); }

}  // namespace millrace::python
