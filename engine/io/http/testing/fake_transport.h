// A transport that answers what a test wants, and remembers what it was asked.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "io/http/transport.h"

namespace millrace::io::http {

class FakeTransport : public Transport {
 public:
  using Answerer = std::function<Result<Response>(const Request& request, int number)>;

  /// `number` counts the requests from 1.
  explicit FakeTransport(Answerer answer) : answer_(std::move(answer)) {}
  Result<Response> Send(const Request& request) override {
    int number = 0;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(request);
      number = static_cast<int>(requests_.size());
    }
    Result<Response> response = answer_(request, number);
    if (response.ok() && response->url.empty()) response->url = request.url;
    return response;
  }
  std::vector<Request> requests() {
    std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }

 private:
  Answerer answer_;
  std::mutex mutex_;
  std::vector<Request> requests_;
};

inline Response Status200(std::string body = "") {
  Response response;
  response.status = 200;
  response.body = std::move(body);
  return response;
}

inline Response StatusOnly(int status, Headers headers = {}, std::string body = "") {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

}  // namespace millrace::io::http
