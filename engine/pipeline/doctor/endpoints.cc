#include "pipeline/doctor/endpoints.h"

#include <chrono>

#include "base/log.h"
#include "io/http/transport.h"

namespace millrace::pipeline {

Deadline::Deadline(int64_t seconds) {
  thread_ = std::thread([this, seconds] {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!wake_.wait_for(lock, std::chrono::seconds(seconds), [this] { return done_; })) {
      passed_ = true;
    }
  });
}

Deadline::~Deadline() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Finding Asked(
    const std::string& area, const std::string& what, int64_t seconds_max,
    const std::function<Result<std::string>(const std::atomic<bool>* cancelled)>& question) {
  const Deadline deadline(seconds_max);
  const Result<std::string> answer = question(deadline.passed());
  if (answer.ok()) return {Health::kOk, area, what, *answer, ""};
  if (answer.status().IsCancelled() || *deadline.passed()) {
    return {Health::kFail, area, what, "no answer within " + std::to_string(seconds_max) + " s",
            "check the address, the network and its firewalls; --timeout gives more time"};
  }
  const Diagnostic d = DiagnosticsOf(answer.status()).front();
  return {Health::kFail, area, what, Redact(d.message),
          d.suggestion.empty() ? "`millrace explain " + FormatErrorCode(d.code) + "` says more"
                               : Redact(d.suggestion)};
}

Result<int> AskWeb(const WebQuestion& question, int64_t seconds_max,
                   const std::atomic<bool>* cancelled) {
  io::http::TransportOptions options;
  options.connect_timeout = std::chrono::seconds(seconds_max);
  options.read_timeout = std::chrono::seconds(seconds_max);
  options.body_bytes_max = 64 << 10;
  options.redirects_max = 0;
  options.ca_file = question.ca_file;
  options.allow_private_addresses = question.allow_private;
  options.cancelled = cancelled;
  ARROW_ASSIGN_OR_RAISE(const auto transport, io::http::MakeCurlTransport(options));
  io::http::Request request;
  request.url = question.url;
  // Only the status counts, so a body of any length is let go.
  ARROW_ASSIGN_OR_RAISE(const io::http::Response response,
                        transport->Stream(request, [](std::string_view) { return Status::OK(); }));
  return response.status;
}

}  // namespace millrace::pipeline
