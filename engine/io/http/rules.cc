#include "io/http/rules.h"

#include <algorithm>

namespace millrace::io::http {
namespace {

bool Fits(const ResponseRule& rule, const Response& response) {
  const bool status =
      rule.statuses.empty() ||
      std::any_of(rule.statuses.begin(), rule.statuses.end(), [&](const StatusRange& range) {
        return range.first <= response.status && response.status <= range.last;
      });
  return status && (!rule.body || rule.body(response));
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSuccess:
      return "success";
    case Verdict::kFail:
      return "fail";
    case Verdict::kRetry:
      return "retry";
    case Verdict::kIgnore:
      return "ignore";
  }
  return "fail";
}

Verdict Judge(const std::vector<ResponseRule>& rules, const Response& response) {
  for (const ResponseRule& rule : rules) {
    if (Fits(rule, response)) return rule.verdict;
  }
  const int status = response.status;
  if (status >= 200 && status < 300) return Verdict::kSuccess;
  const bool passing = status == 408 || status == 425 || status == 429 || status / 100 == 5;
  return passing ? Verdict::kRetry : Verdict::kFail;
}

std::vector<ResponseRule> RulesThatOnlyRetry() {
  return {{Verdict::kRetry, {{408, 408}, {425, 425}, {429, 429}, {500, 599}}, nullptr},
          {Verdict::kSuccess, {}, nullptr}};
}

}  // namespace millrace::io::http
