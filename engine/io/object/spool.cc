#include "io/object/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace millrace::io {
namespace {

constexpr size_t kMemoryBytes = 1 << 20;

}  // namespace

std::string ScratchFolder(const std::string& configured) {
  if (!configured.empty()) return configured;
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder.string();
}

Spool::~Spool() {
  if (fd_ >= 0) ::close(fd_);
}

Status Spool::Spill() {
  const std::string folder = ScratchFolder(folder_);
  if (fd_ < 0) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    std::string path = folder + "/millrace-XXXXXX";
    fd_ = ::mkostemp(path.data(), O_CLOEXEC);
    if (fd_ < 0) return ErrnoError(errno, "cannot create a file in the scratch folder " + folder);
    ::unlink(path.c_str());
  }
  const char* data = memory_.data();
  for (size_t left = memory_.size(); left > 0;) {
    const ssize_t written = ::write(fd_, data, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, "cannot write to the scratch folder " + folder);
    data += written;
    left -= static_cast<size_t>(written);
  }
  memory_.clear();
  return Status::OK();
}

Status Spool::Write(std::string_view bytes) {
  bytes_ += static_cast<int64_t>(bytes.size());
  memory_.append(bytes);
  return memory_.size() >= kMemoryBytes ? Spill() : Status::OK();
}

Result<std::string> Spool::Read(int64_t offset, int64_t bytes) const {
  bytes = std::clamp<int64_t>(bytes_ - offset, 0, bytes);
  std::string out(static_cast<size_t>(bytes), '\0');
  const int64_t on_disk = bytes_ - static_cast<int64_t>(memory_.size());
  for (int64_t done = 0; done < bytes;) {
    const int64_t at = offset + done;
    if (at >= on_disk) {
      memory_.copy(out.data() + done, static_cast<size_t>(bytes - done),
                   static_cast<size_t>(at - on_disk));
      return out;
    }
    const ssize_t got = ::pread(fd_, out.data() + done,
                                static_cast<size_t>(std::min(bytes - done, on_disk - at)), at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return ErrnoError(got < 0 ? errno : EIO, "cannot read from the scratch folder");
    done += got;
  }
  return out;
}

}  // namespace millrace::io
