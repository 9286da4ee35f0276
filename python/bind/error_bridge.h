// Errors of the engine as exceptions of the package.
#pragma once

#include <nanobind/nanobind.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error_codes.h"
#include "base/status.h"

namespace millrace::python {

/// Thrown instead of returning a status; becomes an exception of millrace._errors on its way out.
class StatusError : public std::exception {
 public:
  explicit StatusError(Status status) : status_(std::move(status)) {}
  const Status& status() const { return status_; }
  const char* what() const noexcept override { return "a status of the engine"; }

 private:
  Status status_;
};

inline void OrThrow(Status status) {
  if (!status.ok()) throw StatusError(std::move(status));
}

template <typename T>
T OrThrow(Result<T> result) {
  if (!result.ok()) throw StatusError(result.status());
  return std::move(result).ValueUnsafe();
}

/// The codes of base/error_codes.h ("MR1205") by the names that they have there ("BadValue"):
/// Python raises errors of its own by these.
std::map<std::string, std::string> ErrorCodes();
std::optional<ErrorCode> ErrorCodeNamed(std::string_view name);

/// Once, when the module is made.
void RegisterErrors();

}  // namespace millrace::python
