// An answer that is no success, as an error for people.
#pragma once

#include <string>

#include "io/http/transport.h"

namespace millrace::io {

/// `what` is "reading s3://bucket/key". Of the answer's body only its code and message are shown.
Status AnswerError(const http::Response& response, const std::string& what);
/// An exchange without an answer, with `what` before it.
Status NoAnswer(const Status& status, const std::string& what);

}  // namespace millrace::io
