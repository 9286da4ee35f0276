#include "io/object/answer_error.h"

#include "base/log.h"
#include "io/object/xml_text.h"

namespace millrace::io {
namespace {

struct Remedy {
  ErrorCode code;
  const char* help;
};

Remedy RemedyFor(int status, const std::string& code) {
  if (code == "NoSuchBucket" || code == "ContainerNotFound") {
    return {ErrorCode::kUnreadablePath, "make the bucket first, or check its name and endpoint"};
  }
  if (code == "ExpiredToken" || code == "TokenRefreshRequired" || code == "RequestExpired") {
    return {ErrorCode::kPermissionDenied, "the credentials have expired: get new ones, run again"};
  }
  if (code == "RequestTimeTooSkewed") {
    return {ErrorCode::kPermissionDenied, "set this machine's clock"};
  }
  if (code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" || status == 301 ||
      status == 307) {
    return {ErrorCode::kUnreadablePath, "set the bucket's `region` in the `storage` block"};
  }
  if (status == 401 || status == 403) {
    return {ErrorCode::kPermissionDenied,
            "check the credentials of the `storage` block or the environment, and what they allow"};
  }
  if (status == 404 || status == 410) {
    return {ErrorCode::kUnreadablePath, "check bucket and key"};
  }
  if (status == 429 || status >= 500) {
    return {ErrorCode::kIoFailed, "run again later; a run resumes where it stopped"};
  }
  return {ErrorCode::kIoFailed, ""};
}

}  // namespace

Status AnswerError(const http::Response& response, const std::string& what) {
  constexpr size_t kMessageBytesMax = 300;
  const std::string code = XmlText(response.body, "Code");
  std::string message = XmlText(response.body, "Message");
  message = message.substr(0, message.find('\n')).substr(0, kMessageBytesMax);
  std::string text = what + ": the server answers " + std::to_string(response.status);
  if (!code.empty()) text += ' ' + code;
  if (!message.empty()) text += " (" + message + ')';
  if (const std::string* region = response.Find("x-amz-bucket-region")) {
    if (response.status == 301 || response.status == 400) text += "; the bucket is in " + *region;
  }
  const Remedy remedy = RemedyFor(response.status, code);
  return MakeError(remedy.code, Redact(std::move(text)), remedy.help);
}

Status NoAnswer(const Status& status, const std::string& what) {
  if (status.IsCancelled()) return status;
  return WithContext(status, what);
}

}  // namespace millrace::io
