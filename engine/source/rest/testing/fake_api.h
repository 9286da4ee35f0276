// A Transport whose answers a test gives as a function, and which remembers what was asked.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "io/http/transport.h"

namespace millrace::source::rest {

class FakeApi : public io::http::Transport {
 public:
  using Answer = std::function<Result<io::http::Response>(const io::http::Request&)>;
  explicit FakeApi(Answer answer) : answer_(std::move(answer)) {}

  Result<io::http::Response> Send(const io::http::Request& request) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(request);
    }
    auto response = answer_(request);
    if (response.ok() && response->url.empty()) response->url = request.url;
    if (response.ok() && response->status == 0) response->status = 200;
    return response;
  }
  std::vector<io::http::Request> requests() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }
  void Forget() { requests_.clear(); }

  /// The value of a query parameter that needs no decoding, or "".
  static std::string Param(const std::string& url, const std::string& name) {
    for (const char* mark : {"?", "&"}) {
      const size_t at = url.find(mark + name + "=");
      if (at == std::string::npos) continue;
      const size_t begin = at + name.size() + 2;
      return url.substr(begin, url.find('&', begin) - begin);
    }
    return "";
  }

 private:
  Answer answer_;
  mutable std::mutex mutex_;
  std::vector<io::http::Request> requests_;
};

}  // namespace millrace::source::rest
