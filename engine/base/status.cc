#include "base/status.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace millrace {

std::string FormatErrorCode(ErrorCode code) {
  char text[16];
  std::snprintf(text, sizeof text, "MR%04d", static_cast<int>(code));
  return text;
}

ErrorKind KindOf(ErrorCode code) {
  switch (code) {
#define X(name, number, kind, summary) \
  case ErrorCode::k##name:             \
    return ErrorKind::kind;
    MILLRACE_ERROR_CODES(X)
#undef X
  }
  return ErrorKind::kBug;
}

std::string_view SummaryOf(ErrorCode code) {
  switch (code) {
#define X(name, number, kind, summary) \
  case ErrorCode::k##name:             \
    return summary;
    MILLRACE_ERROR_CODES(X)
#undef X
  }
  return "unknown error code";
}

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUser:
      return "user";
    case ErrorKind::kData:
      return "data";
    case ErrorKind::kEnvironment:
      return "environment";
    case ErrorKind::kBug:
      return "bug";
  }
  return "bug";
}

std::string ErrorDetail::ToString() const { return FormatErrorCode(diagnostics_.front().code); }

namespace {

arrow::StatusCode ArrowCodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUser:
      return arrow::StatusCode::Invalid;
    case ErrorKind::kData:
      return arrow::StatusCode::Invalid;
    case ErrorKind::kEnvironment:
      return arrow::StatusCode::IOError;
    case ErrorKind::kBug:
      return arrow::StatusCode::UnknownError;
  }
  return arrow::StatusCode::UnknownError;
}

}  // namespace

Status MakeError(std::vector<Diagnostic> diagnostics) {
  MILLRACE_CHECK(!diagnostics.empty());
  const Diagnostic& first = diagnostics.front();
  std::string message = first.message;
  const arrow::StatusCode code = ArrowCodeOf(KindOf(first.code));
  return Status(code, std::move(message), std::make_shared<ErrorDetail>(std::move(diagnostics)));
}

Status MakeError(ErrorCode code, std::string message, std::string suggestion) {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.suggestion = std::move(suggestion);
  return MakeError(std::vector<Diagnostic>{std::move(diagnostic)});
}

Status ErrnoError(int error_number, const std::string& what) {
  const std::string message = what + ": " + std::strerror(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return MakeError(ErrorCode::kDiskFull, message,
                       "free space there and run again; the run resumes");
    case EACCES:
    case EPERM:
    case EROFS:
      return MakeError(ErrorCode::kPermissionDenied, message,
                       "check the owner and mode of the path");
    default:
      return MakeError(ErrorCode::kIoFailed, message);
  }
}

std::vector<Diagnostic> DiagnosticsOf(const Status& status) {
  if (status.ok()) return {};
  if (status.detail() && std::strcmp(status.detail()->type_id(), "millrace::ErrorDetail") == 0) {
    return static_cast<const ErrorDetail&>(*status.detail()).diagnostics();
  }
  Diagnostic diagnostic;
  diagnostic.message = status.message();
  if (status.IsIOError()) {
    diagnostic.code = ErrorCode::kIoFailed;
  } else if (status.IsOutOfMemory()) {
    diagnostic.code = ErrorCode::kMemoryLimit;
  } else {
    diagnostic.code = ErrorCode::kBug;
  }
  return {diagnostic};
}

Status WithContext(const Status& status, const std::string& context) {
  if (status.ok() || status.IsCancelled()) return status;
  std::vector<Diagnostic> diagnostics = DiagnosticsOf(status);
  for (Diagnostic& diagnostic : diagnostics) {
    diagnostic.message = context + ": " + diagnostic.message;
  }
  return MakeError(std::move(diagnostics));
}

ErrorCode CodeOf(const Status& status) { return DiagnosticsOf(status).front().code; }

int ExitCodeOf(const Status& status) {
  if (status.ok()) return 0;
  if (status.IsCancelled()) return 130;
  const ErrorCode code = CodeOf(status);
  if (code == ErrorCode::kUsage) return 2;
  if (code == ErrorCode::kRejectBudget || code == ErrorCode::kModelContract) return 3;
  return KindOf(code) == ErrorKind::kEnvironment ? 75 : 1;
}

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "millrace: bug %s: %s:%d: check failed: %s\n",
               FormatErrorCode(ErrorCode::kBug).c_str(), file, line, condition);
  std::abort();
}

}  // namespace millrace
