// What an answer means: rules over its status and, where that is not enough, its body.
//
// Thread-safety: values; a body's test is called from any thread.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "io/http/transport.h"

namespace millrace::io::http {

enum class Verdict {
  kSuccess,  // to be used
  kFail,     // an error for good
  kRetry,    // an error that another attempt may cure
  kIgnore,   // to be taken as holding nothing
};
std::string_view VerdictName(Verdict verdict);

struct StatusRange {
  int first = 0, last = 0;  // both included
};

struct ResponseRule {
  Verdict verdict = Verdict::kFail;
  std::vector<StatusRange> statuses;  // empty: any
  /// Empty: any body. It sees the body as it came over the wire, a compressed one compressed.
  std::function<bool(const Response&)> body;
};

/// The verdict of the first rule that fits; where none does, 2xx is success, 408, 425, 429 and 5xx
/// are to be retried, and all else fails.
Verdict Judge(const std::vector<ResponseRule>& rules, const Response& response);

/// For callers that read every answer themselves: what is to be retried by default is, and all else
/// is a success.
std::vector<ResponseRule> RulesThatOnlyRetry();

}  // namespace millrace::io::http
