// The local file system as a Store: plain POSIX calls, because durability is in their order.
#include <arrow/io/file.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "io/store.h"
#include "io/store_key.h"

namespace millrace::io {
namespace {

constexpr std::string_view kTemporaryPrefix = ".tmp-";
constexpr size_t kKeyBytesMax = 4000;  // below PATH_MAX with room for the root
constexpr size_t kPartBytesMax = 255;  // NAME_MAX
constexpr size_t kBufferBytes = 256 << 10;
constexpr int64_t kWritebackBytes = 8 << 20;

std::string_view FolderOf(std::string_view key) {
  const size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : key.substr(0, slash);
}

Status ValidateKey(std::string_view key) {
  return ValidateStoreKey(key, {kKeyBytesMax, kPartBytesMax});
}

/// A file descriptor that is closed once.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  /// The error of close, which may be the first to tell of a failed write on network file systems.
  int Close() { return fd_ < 0 ? 0 : ::close(Release()); }

 private:
  int fd_;
};

Status SyncFolder(const std::string& path) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return ErrnoError(errno, "cannot open folder " + path);
  // EINVAL: a file system that has no folders to sync, such as some network ones.
  if (::fsync(folder.get()) != 0 && errno != EINVAL)
    return ErrnoError(errno, "cannot sync folder " + path);
  return Status::OK();
}

Status WriteAll(int fd, const char* data, size_t bytes, const std::string& path) {
  while (bytes > 0) {
    const ssize_t written = ::write(fd, data, bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError(errno, "cannot write " + path);
    }
    data += written;
    bytes -= static_cast<size_t>(written);
  }
  return Status::OK();
}

FileInfo InfoOf(std::string key, const struct stat& st) {
  FileInfo info;
  info.key = std::move(key);
  info.bytes = st.st_size;
  info.mtime_ns = int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
  info.inode = st.st_ino;
  return info;
}

class LocalStore;

class LocalOutputFile : public OutputFile {
 public:
  LocalOutputFile(LocalStore& store, std::string path, int fd)
      : store_(store), path_(std::move(path)), fd_(fd) {}
  ~LocalOutputFile() override {
    if (!committed_) ::unlink(path_.c_str());
  }
  Status Write(std::string_view bytes) override;
  Status Commit(const std::string& key) override;
  Status CommitForNow(const std::string& key) override;
  int64_t bytes_written() const override { return bytes_; }
  /// Writes what is buffered, syncs and closes; the file stays under its temporary name.
  Status Seal();
  const std::string& path() const { return path_; }

 private:
  Status Put(std::string_view bytes);
  Status Flush();
  Status Close();
  Status Rename(const std::string& key);

  LocalStore& store_;
  std::string path_;
  Descriptor fd_;
  std::string buffer_;
  int64_t bytes_ = 0, flushed_ = 0, started_ = 0;
  bool committed_ = false;
};

class LocalStore : public Store {
 public:
  LocalStore(std::string root, bool private_mode)
      : root_(std::move(root)), mode_(private_mode ? 0700 : 0777) {
    while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
  }

  std::string Describe() const override { return root_; }
  Result<FileInfo> Stat(const std::string& key) override;
  Result<bool> Exists(const std::string& key) override;
  Result<std::optional<FileInfo>> StatIfThere(const std::string& key) override;
  Result<std::vector<FileInfo>> List(const std::string& prefix) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& key) override;
  Result<std::string> ReadSmall(const std::string& key, int64_t bytes_max) override;
  Result<std::unique_ptr<OutputFile>> Create(const std::string& near) override;
  Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) override;
  Status Replace(const std::string& key, std::string_view bytes) override;
  Status LinkOrCopy(const std::string& from, Store& to_store, const std::string& to) override;
  Status Remove(const std::string& key) override;
  std::string LocalPath(const std::string& key) const override { return PathOf(key); }

  std::string PathOf(std::string_view key) const {
    if (key.empty()) return root_;
    return (root_ == "/" ? root_ : root_ + '/') + std::string(key);
  }
  std::string FolderPathOf(std::string_view key) const { return PathOf(FolderOf(key)); }
  Status MakeFolders(const std::string& path);

 private:
  Result<std::unique_ptr<LocalOutputFile>> CreateLocal(const std::string& near);
  Status ListFolder(const std::string& path, const std::string& key, std::vector<FileInfo>* out);
  Status LinkReplacing(const std::string& from_path, const std::string& to);

  std::string root_;
  mode_t mode_;
};

Status LocalOutputFile::Put(std::string_view bytes) {
  ARROW_RETURN_NOT_OK(WriteAll(fd_.get(), bytes.data(), bytes.size(), path_));
  flushed_ += static_cast<int64_t>(bytes.size());
#ifdef __linux__
  // Start the disk early so that the sync at the end is short; failing to do so costs only time.
  if (flushed_ - started_ >= kWritebackBytes) {
    ::sync_file_range(fd_.get(), started_, flushed_ - started_, SYNC_FILE_RANGE_WRITE);
    started_ = flushed_;
  }
#endif
  return Status::OK();
}

Status LocalOutputFile::Flush() {
  ARROW_RETURN_NOT_OK(Put(buffer_));
  buffer_.clear();
  return Status::OK();
}

Status LocalOutputFile::Write(std::string_view bytes) {
  MILLRACE_CHECK(fd_.get() >= 0);
  bytes_ += static_cast<int64_t>(bytes.size());
  if (bytes.size() < kBufferBytes) {
    buffer_.append(bytes);
    return buffer_.size() >= kBufferBytes ? Flush() : Status::OK();
  }
  // A column of a row group may be many megabytes: it is not copied.
  ARROW_RETURN_NOT_OK(Flush());
  for (size_t begin = 0; begin < bytes.size(); begin += kWritebackBytes) {
    ARROW_RETURN_NOT_OK(Put(bytes.substr(begin, kWritebackBytes)));
  }
  return Status::OK();
}

Status LocalOutputFile::Seal() {
  ARROW_RETURN_NOT_OK(Flush());
  if (::fsync(fd_.get()) != 0) return ErrnoError(errno, "cannot sync " + path_);
  return Close();
}

Status LocalOutputFile::Close() {
  return fd_.Close() == 0 ? Status::OK() : ErrnoError(errno, "cannot close " + path_);
}

Status LocalOutputFile::Rename(const std::string& key) {
  const std::string path = store_.PathOf(key);
  ARROW_RETURN_NOT_OK(store_.MakeFolders(store_.FolderPathOf(key)));
  if (::rename(path_.c_str(), path.c_str()) != 0)
    return ErrnoError(errno, "cannot rename to " + path);
  committed_ = true;
  return Status::OK();
}

Status LocalOutputFile::Commit(const std::string& key) {
  ARROW_RETURN_NOT_OK(ValidateKey(key));
  ARROW_RETURN_NOT_OK(Seal());
  ARROW_RETURN_NOT_OK(Rename(key));
  return SyncFolder(store_.FolderPathOf(key));
}

Status LocalOutputFile::CommitForNow(const std::string& key) {
  ARROW_RETURN_NOT_OK(ValidateKey(key));
  ARROW_RETURN_NOT_OK(Flush());
  ARROW_RETURN_NOT_OK(Close());
  return Rename(key);
}

// A folder that is new is synced into its parent: a file in a folder that a power cut forgets is
// forgotten with it.
Status LocalStore::MakeFolders(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) == 0) {
    if (S_ISDIR(st.st_mode)) return Status::OK();
    return ErrnoError(ENOTDIR, "cannot use " + path + " as a folder");
  }
  if (errno != ENOENT) return ErrnoError(errno, "cannot look at " + path);
  const std::string_view parent_view = FolderOf(path);
  const std::string parent =
      parent_view.empty() ? (path[0] == '/' ? "/" : ".") : std::string(parent_view);
  if (parent != path) ARROW_RETURN_NOT_OK(MakeFolders(parent));
  if (::mkdir(path.c_str(), mode_) != 0) {
    if (errno == EEXIST) return Status::OK();  // another thread was faster
    return ErrnoError(errno, "cannot make folder " + path);
  }
  return SyncFolder(parent);
}

Result<FileInfo> LocalStore::Stat(const std::string& key) {
  ARROW_RETURN_NOT_OK(ValidateKey(key));
  struct stat st;
  const std::string path = PathOf(key);
  if (::stat(path.c_str(), &st) != 0) return ErrnoError(errno, "cannot look at " + path);
  return InfoOf(key, st);
}

Result<std::optional<FileInfo>> LocalStore::StatIfThere(const std::string& key) {
  ARROW_RETURN_NOT_OK(ValidateKey(key));
  struct stat st;
  const std::string path = PathOf(key);
  if (::stat(path.c_str(), &st) == 0) return InfoOf(key, st);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  return ErrnoError(errno, "cannot look at " + path);
}

Result<bool> LocalStore::Exists(const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const auto found, StatIfThere(key));
  return found.has_value();
}

// Links to files count as files. Links to folders are not followed: they can lead in circles.
Status LocalStore::ListFolder(const std::string& path, const std::string& key,
                              std::vector<FileInfo>* out) {
  DIR* folder = ::opendir(path.c_str());
  if (folder == nullptr) return ErrnoError(errno, "cannot list folder " + path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  ::closedir(folder);
  if (error != 0) return ErrnoError(error, "cannot list folder " + path);
  for (const std::string& name : names) {
    const std::string child = path + '/' + name;
    std::string child_key = key.empty() ? name : key + '/' + name;
    struct stat st;
    if (::lstat(child.c_str(), &st) != 0) {
      if (errno == ENOENT) continue;  // gone meanwhile
      return ErrnoError(errno, "cannot look at " + child);
    }
    if (S_ISDIR(st.st_mode)) {
      ARROW_RETURN_NOT_OK(ListFolder(child, child_key, out));
      continue;
    }
    if (S_ISLNK(st.st_mode) && ::stat(child.c_str(), &st) != 0) continue;  // leads nowhere
    if (S_ISREG(st.st_mode)) out->push_back(InfoOf(std::move(child_key), st));
  }
  return Status::OK();
}

Result<std::vector<FileInfo>> LocalStore::List(const std::string& prefix) {
  std::string folder_key = prefix;
  while (!folder_key.empty() && folder_key.back() == '/') folder_key.pop_back();
  if (!folder_key.empty()) ARROW_RETURN_NOT_OK(ValidateKey(folder_key));
  std::vector<FileInfo> files;
  struct stat st;
  const std::string path = PathOf(folder_key);
  if (::stat(path.c_str(), &st) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return files;
    return ErrnoError(errno, "cannot look at " + path);
  }
  if (!S_ISDIR(st.st_mode)) return files;
  ARROW_RETURN_NOT_OK(ListFolder(path, folder_key, &files));
  std::sort(files.begin(), files.end(),
            [](const FileInfo& a, const FileInfo& b) { return a.key < b.key; });
  return files;
}

// Reads go through pread, never through a mapping: mapped pages would count as memory in use, and a
// file that shrinks under a mapping kills the process.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> LocalStore::OpenForRead(
    const std::string& key) {
  ARROW_RETURN_NOT_OK(ValidateKey(key));
  const std::string path = PathOf(key);
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoError(errno, "cannot open " + path);
  struct stat st;
  if (::fstat(file.get(), &st) != 0) return ErrnoError(errno, "cannot look at " + path);
  if (!S_ISREG(st.st_mode))
    return ErrnoError(S_ISDIR(st.st_mode) ? EISDIR : EINVAL, "cannot read " + path);
#ifdef POSIX_FADV_SEQUENTIAL
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);  // a hint; no harm when it is refused
#endif
  ARROW_ASSIGN_OR_RAISE(auto readable, arrow::io::ReadableFile::Open(file.get()));
  file.Release();
  return readable;
}

Result<std::string> LocalStore::ReadSmall(const std::string& key, int64_t bytes_max) {
  ARROW_RETURN_NOT_OK(ValidateKey(key));
  const std::string path = PathOf(key);
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoError(errno, "cannot open " + path);
  std::string text;
  for (char buffer[1 << 16];;) {
    const ssize_t bytes = ::read(file.get(), buffer, sizeof buffer);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return ErrnoError(errno, "cannot read " + path);
    if (bytes == 0) return text;
    text.append(buffer, static_cast<size_t>(bytes));
    if (static_cast<int64_t>(text.size()) > bytes_max) {
      return MakeError(ErrorCode::kIoFailed,
                       path + " is larger than " + std::to_string(bytes_max) + " bytes");
    }
  }
}

// Process id and counter make the name unique among live writers of one machine; O_EXCL settles
// the rest (a leftover of a dead process, another machine with the same id).
Result<std::unique_ptr<LocalOutputFile>> LocalStore::CreateLocal(const std::string& near) {
  static std::atomic<uint64_t> counter{0};
  ARROW_RETURN_NOT_OK(ValidateKey(near));
  const std::string folder = FolderPathOf(near);
  ARROW_RETURN_NOT_OK(MakeFolders(folder));
  const std::string base =
      folder + '/' + std::string(kTemporaryPrefix) + std::to_string(::getpid()) + '-';
  for (;;) {
    const std::string path = base + std::to_string(counter.fetch_add(1));
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return std::make_unique<LocalOutputFile>(*this, path, fd);
    if (errno != EEXIST) return ErrnoError(errno, "cannot create a file in " + folder);
  }
}

Result<std::unique_ptr<OutputFile>> LocalStore::Create(const std::string& near) {
  ARROW_ASSIGN_OR_RAISE(auto file, CreateLocal(near));
  return std::unique_ptr<OutputFile>(std::move(file));
}

// The record is complete and durable under its temporary name before link() gives it its key:
// whoever sees the key sees all of it. O_EXCL followed by writing would show a torn record.
Result<PutResult> LocalStore::PutIfAbsent(const std::string& key, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(auto aside, CreateLocal(key));
  ARROW_RETURN_NOT_OK(aside->Write(bytes));
  ARROW_RETURN_NOT_OK(aside->Seal());
  const std::string path = PathOf(key);
  PutResult result = PutResult::kCreated;
  int failed = ::link(aside->path().c_str(), path.c_str()) == 0 ? 0 : errno;
#if defined(__linux__) && defined(RENAME_NOREPLACE)
  // Some file systems have no hard links, but a rename that refuses to replace.
  if (failed == EPERM || failed == ENOTSUP || failed == ENOSYS) {
    failed =
        ::renameat2(AT_FDCWD, aside->path().c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0
            ? 0
            : errno;
  }
#endif
  if (failed == EEXIST) {
    result = PutResult::kExists;
  } else if (failed != 0) {
    return ErrnoError(failed, "cannot link " + path);
  }
  // Also for the loser: it will build on a record that must not vanish in a power cut.
  ARROW_RETURN_NOT_OK(SyncFolder(FolderPathOf(key)));
  return result;
}

Status LocalStore::Replace(const std::string& key, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(auto aside, CreateLocal(key));
  ARROW_RETURN_NOT_OK(aside->Write(bytes));
  return aside->Commit(key);
}

// Linked aside and renamed, so that an existing target is replaced in one step.
Status LocalStore::LinkReplacing(const std::string& from_path, const std::string& to) {
  ARROW_ASSIGN_OR_RAISE(auto placeholder, CreateLocal(to));
  const std::string aside = placeholder->path(), path = PathOf(to);
  ::unlink(aside.c_str());
  if (::linkat(AT_FDCWD, from_path.c_str(), AT_FDCWD, aside.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return ErrnoError(errno, "cannot link " + from_path);
  }
  // rename() of two names of one file leaves both; the placeholder's end removes the aside.
  if (::rename(aside.c_str(), path.c_str()) != 0)
    return ErrnoError(errno, "cannot rename to " + path);
  return SyncFolder(FolderPathOf(to));
}

Status CopyFile(Store& from_store, const std::string& from, Store& to_store,
                const std::string& to) {
  ARROW_ASSIGN_OR_RAISE(auto in, from_store.OpenForRead(from));
  ARROW_ASSIGN_OR_RAISE(auto out, to_store.Create(to));
  for (std::string buffer(1 << 20, '\0');;) {
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes,
                          in->Read(static_cast<int64_t>(buffer.size()), buffer.data()));
    if (bytes == 0) return out->Commit(to);
    ARROW_RETURN_NOT_OK(out->Write(std::string_view(buffer.data(), static_cast<size_t>(bytes))));
  }
}

Status LocalStore::LinkOrCopy(const std::string& from, Store& to_store, const std::string& to) {
  ARROW_RETURN_NOT_OK(ValidateKey(from));
  ARROW_RETURN_NOT_OK(ValidateKey(to));
  const std::string from_path = PathOf(from);
  struct stat st;
  if (::stat(from_path.c_str(), &st) != 0) return ErrnoError(errno, "cannot look at " + from_path);
  if (auto* local = dynamic_cast<LocalStore*>(&to_store)) {
    // Another device, a link limit or a file system without links: a copy serves as well.
    if (local->LinkReplacing(from_path, to).ok()) return Status::OK();
  }
  return CopyFile(*this, from, to_store, to);
}

Status LocalStore::Remove(const std::string& key) {
  ARROW_RETURN_NOT_OK(ValidateKey(key));
  const std::string path = PathOf(key);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return ErrnoError(errno, "cannot remove " + path);
  return Status::OK();
}

}  // namespace

std::shared_ptr<Store> MakeLocalStore(const std::string& root, bool private_mode) {
  return std::make_shared<LocalStore>(root, private_mode);
}

bool IsTemporaryKey(std::string_view key) {
  const size_t slash = key.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  return name.substr(0, kTemporaryPrefix.size()) == kTemporaryPrefix;
}

Status RemoveLitter(Store& store, const std::string& prefix) {
  if (store.LocalPath("x").empty()) return Status::OK();  // nothing has a temporary name there
  ARROW_ASSIGN_OR_RAISE(const auto files, store.List(prefix));
  for (const FileInfo& file : files) {
    if (!IsTemporaryKey(file.key)) continue;
    // ".tmp-<process>-<number>": another process that lives may still be writing.
    const size_t name = file.key.rfind(kTemporaryPrefix) + kTemporaryPrefix.size();
    const long writer = std::strtol(file.key.c_str() + name, nullptr, 10);
    const bool lives = writer > 0 && writer != ::getpid() &&
                       (::kill(static_cast<pid_t>(writer), 0) == 0 || errno == EPERM);
    if (!lives) ARROW_RETURN_NOT_OK(store.Remove(file.key));
  }
  return Status::OK();
}

}  // namespace millrace::io
