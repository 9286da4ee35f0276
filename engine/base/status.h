// Errors of the engine: Arrow's Status and Result carrying a Millrace code and, where there is
// one, the place in the config. A row that breaks a rule is not an error but a Reject (reject.h).
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/error_codes.h"

namespace millrace {

using arrow::Result;
using arrow::Status;

/// What a Millrace status knows beyond its message.
class ErrorDetail : public arrow::StatusDetail {
 public:
  explicit ErrorDetail(std::vector<Diagnostic> diagnostics)
      : diagnostics_(std::move(diagnostics)) {}
  const char* type_id() const override { return "millrace::ErrorDetail"; }
  std::string ToString() const override;
  /// At least one; the first is the status' own.
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

/// An error of `code`. The suggestion says what the user can do; it may be empty.
Status MakeError(ErrorCode code, std::string message, std::string suggestion = "");
/// One status for several problems found in one pass. REQUIRES: not empty.
Status MakeError(std::vector<Diagnostic> diagnostics);
/// The same error with `context` before every message: "context: message". Cancellation stays bare.
Status WithContext(const Status& status, const std::string& context);
/// An environment error from errno: full disk and refused access get codes of their own.
Status ErrnoError(int error_number, const std::string& what);

/// The diagnostics of any status; one of another library becomes IoFailed, MemoryLimit or Bug.
std::vector<Diagnostic> DiagnosticsOf(const Status& status);
ErrorCode CodeOf(const Status& status);
inline ErrorKind KindOf(const Status& status) { return KindOf(CodeOf(status)); }

/// The exit code the CLI documents for this status: 0, 1, 2, 3, 75 or 130.
int ExitCodeOf(const Status& status);

/// Aborts with file and line when `condition` does not hold: for states that would be a bug.
#define MILLRACE_CHECK(condition)                                              \
  do {                                                                         \
    if (!(condition)) ::millrace::CheckFailed(#condition, __FILE__, __LINE__); \
  } while (false)
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace millrace
