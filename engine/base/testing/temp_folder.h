// A folder for one test, gone after it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace millrace {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (Place() / "millrace-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file below the folder, with the folders it needs.
  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

 private:
  // Tests sync thousands of files; in memory that costs nothing.
  static std::filesystem::path Place() {
    std::error_code error;
    const auto space = std::filesystem::space("/dev/shm", error);
    const bool roomy = !error && space.available > (uint64_t{512} << 20);
    if (std::getenv("TMPDIR") == nullptr && roomy) return "/dev/shm";
    return std::filesystem::temp_directory_path();
  }

  std::string path_;
};

}  // namespace millrace
