// Bytes that wait until it is known where they go: in memory while they are few, then in a file of
// the scratch folder that has no name, so that nothing of it outlives the process.
//
// Thread-safety: Read may be called from several threads once nothing is written any more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace::io {

class Spool {
 public:
  /// `folder` comes into being when it is needed; "" is the system's folder for temporary files.
  explicit Spool(std::string folder) : folder_(std::move(folder)) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  Status Write(std::string_view bytes);
  Result<std::string> Read(int64_t offset, int64_t bytes) const;
  int64_t bytes() const { return bytes_; }

 private:
  Status Spill();

  std::string folder_, memory_;
  int fd_ = -1;
  int64_t bytes_ = 0;
};

/// The folder for what a run puts aside on local disk.
std::string ScratchFolder(const std::string& configured);

}  // namespace millrace::io
