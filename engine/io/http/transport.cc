#include "io/http/transport.h"

#include <algorithm>

namespace millrace::io::http {

bool IsHeader(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x) == y; });
}

const std::string* Response::Find(std::string_view name) const {
  for (const auto& [own, value] : headers) {
    if (own == name) return &value;
  }
  return nullptr;
}

Result<Response> Transport::Stream(const Request& request, const BodySink& sink) {
  ARROW_ASSIGN_OR_RAISE(Response response, Send(request));
  if (response.status >= 200 && response.status < 300) {
    ARROW_RETURN_NOT_OK(sink(response.body));
    response.body.clear();
  }
  return response;
}

bool IsRetryable(const Status& status) { return CodeOf(status) == ErrorCode::kIoFailed; }

Status RequestFailed(bool retryable, std::string message, std::string suggestion) {
  return MakeError(retryable ? ErrorCode::kIoFailed : ErrorCode::kUnreadablePath,
                   std::move(message), std::move(suggestion));
}

}  // namespace millrace::io::http
