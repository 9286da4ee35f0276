#include "stage/resource_files.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>

#include "base/sha256.h"
#include "millrace/plugin.h"
#include "op/plugin/plugin_table.h"

namespace millrace::stage {
namespace {

constexpr int64_t kPluginBytesMax = int64_t{1} << 30;

/// Closed at the end of its scope.
struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

Status Unreadable(const std::string& path, const std::string& why) {
  return MakeError(ErrorCode::kUnreadablePath, '`' + path + "` " + why);
}

Status Unusable(const std::string& path, const std::string& why) {
  return MakeError(ErrorCode::kPluginFault, '`' + path + "` " + why,
                   "docs/guides/plugins.md shows how one is built");
}

Result<std::string> ReadWhole(const std::string& shown, const std::string& path,
                              int64_t bytes_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found;
  if (file.fd < 0 || fstat(file.fd, &found) != 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    return Unreadable(
        shown, absent ? "is not there" : std::string("cannot be read: ") + std::strerror(errno));
  }
  if (!S_ISREG(found.st_mode)) return Unreadable(shown, "is no file");
  if (found.st_size > bytes_max) {
    return Unreadable(shown, "has more than " + std::to_string(bytes_max) + " bytes");
  }
  std::string bytes(static_cast<size_t>(found.st_size), '\0');
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t got = read(file.fd, bytes.data() + at, bytes.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Unreadable(shown, "changed while it was read");
    at += static_cast<size_t>(got);
  }
  return bytes;
}

/// Libraries that are loaded, by the hash of their bytes. For the whole process: one that is loaded
/// twice would have two states.
class LoadedLibraries {
 public:
  static LoadedLibraries& Of() {
    static auto* loaded = new LoadedLibraries;
    return *loaded;
  }

  Result<std::shared_ptr<const op::PluginLibrary>> Load(const std::string& shown,
                                                        const std::string& bytes) {
    const std::string sha256 = Sha256Hex(bytes);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto same = loaded_.find(sha256); same != loaded_.end()) return same->second;
    ARROW_ASSIGN_OR_RAISE(void* const handle, LoadBytes(shown, bytes));
    const auto entry =
        reinterpret_cast<decltype(&millrace_plugin)>(dlsym(handle, "millrace_plugin"));
    if (entry == nullptr) {
      dlclose(handle);
      return Unusable(shown, "is no plug-in: it exports no `millrace_plugin`");
    }
    auto library = std::make_shared<op::PluginLibrary>();
    library->table = entry();
    library->sha256 = sha256;
    const std::string fault = op::PluginTableFault(library->table);
    if (!fault.empty()) return Unusable(shown, fault);  // stays loaded: it may have begun threads
    loaded_[sha256] = library;
    return std::shared_ptr<const op::PluginLibrary>(std::move(library));
  }

 private:
  static Result<void*> LoadBytes(const std::string& shown, const std::string& bytes) {
    const Descriptor memory(memfd_create("millrace-plugin", MFD_CLOEXEC));
    if (memory.fd < 0) return ErrnoError(errno, "no memory for `" + shown + '`');
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t put = write(memory.fd, bytes.data() + at, bytes.size() - at);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return ErrnoError(errno, "no memory for `" + shown + '`');
      at += static_cast<size_t>(put);
    }
    const std::string path = "/proc/self/fd/" + std::to_string(memory.fd);
    if (void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
    std::string why = dlerror();
    for (size_t at; (at = why.find(path)) != std::string::npos;) why.replace(at, path.size(), "it");
    return Unusable(shown, "cannot be loaded: " + why);
  }

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const op::PluginLibrary>> loaded_;
};

class ResourceFiles : public op::Resources {
 public:
  ResourceFiles(std::string base_dir, HostOperators host)
      : base_dir_(std::move(base_dir)), host_(std::move(host)) {}

  Result<std::shared_ptr<const HostOperator>> FindHostOperator(
      const std::string& entry) const override {
    if (host_) return host_(entry);
    return MakeError(ErrorCode::kUnknownReference,
                     "the operator `" + entry + "` is one of a Python program",
                     "run the pipeline from Python: `millrace.Pipeline.from_yaml(path).run()`");
  }

  Result<std::shared_ptr<const op::PluginLibrary>> LoadPlugin(
      const std::string& path) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& library = plugins_[path];
    if (library == nullptr) {
      ARROW_ASSIGN_OR_RAISE(const std::string bytes, ReadWhole(path, Place(path), kPluginBytesMax));
      ARROW_ASSIGN_OR_RAISE(library, LoadedLibraries::Of().Load(path, bytes));
    }
    return library;
  }

  Result<std::shared_ptr<const op::FileContent>> ReadFile(const std::string& path,
                                                          int64_t bytes_max) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& content = files_[path];
    if (content == nullptr) {
      auto read = std::make_shared<op::FileContent>();
      ARROW_ASSIGN_OR_RAISE(read->bytes, ReadWhole(path, Place(path), bytes_max));
      read->sha256 = Sha256Hex(read->bytes);
      content = std::move(read);
    }
    return content;
  }

 private:
  std::string Place(const std::string& path) const {
    return (std::filesystem::path(base_dir_) / path).lexically_normal().string();
  }

  std::string base_dir_;
  HostOperators host_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const op::PluginLibrary>> plugins_;
  mutable std::map<std::string, std::shared_ptr<const op::FileContent>> files_;
};

}  // namespace

std::shared_ptr<const op::Resources> OpenResources(const std::string& base_dir,
                                                   HostOperators host) {
  return std::make_shared<ResourceFiles>(base_dir, std::move(host));
}

}  // namespace millrace::stage
