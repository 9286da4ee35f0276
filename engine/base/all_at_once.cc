#include "base/all_at_once.h"

#include <future>

namespace millrace {

Status AllAtOnce(const std::vector<std::function<Status()>>& work) {
  std::vector<std::future<Status>> running;
  for (const auto& one : work) running.push_back(std::async(std::launch::async, one));
  Status first;
  for (std::future<Status>& one : running) {
    const Status status = one.get();
    if (first.ok()) first = status;
  }
  return first;
}

}  // namespace millrace
