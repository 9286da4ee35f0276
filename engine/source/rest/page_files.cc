#include "source/rest/page_files.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <charconv>
#include <map>

#include "base/sha256.h"
#include "source/rest/page_reader.h"

namespace millrace::source::rest {
namespace {

constexpr int64_t kBodyBytesMax = int64_t{1} << 31;

// Of the page's content and of what is made of it: stands for "the same version of the file".
uint64_t VersionOf(const PageRecord& page, const Endpoint& endpoint) {
  Sha256 hash;
  hash.UpdateField(page.body_sha256);
  hash.UpdateField(endpoint.records.text());
  hash.UpdateField(std::to_string(static_cast<int>(endpoint.format)));
  for (const auto& [name, value] : page.carried) {
    hash.UpdateField(name);
    hash.UpdateField(value);
  }
  uint64_t version = 0;
  const std::string digits = hash.FinishHex();
  std::from_chars(digits.data(), digits.data() + 15, version, 16);
  return version;
}

// The pages of a snapshot by their paths; read only.
class PageStore : public io::Store {
 public:
  PageStore(std::shared_ptr<io::Store> workspace, const RestSource& source,
            const Snapshot& snapshot, int64_t page_bytes_max)
      : workspace_(std::move(workspace)),
        folder_(SnapshotFolder(source.name, snapshot.id)),
        endpoint_(source.endpoint),
        page_bytes_max_(page_bytes_max) {
    for (const PageRecord& page : snapshot.pages) {
      if (!page.of_parent && !page.ignored) pages_[PagePath(page)] = page;
    }
  }

  std::string Describe() const override { return "snapshot " + folder_; }
  Result<io::FileInfo> Stat(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const PageRecord* page, Find(key));
    return InfoOf(key, *page);
  }
  Result<bool> Exists(const std::string& key) override { return pages_.count(key) > 0; }
  Result<std::vector<io::FileInfo>> List(const std::string& prefix) override {
    std::vector<io::FileInfo> files;
    for (const auto& [key, page] : pages_) {
      if (key.rfind(prefix, 0) == 0) files.push_back(InfoOf(key, page));
    }
    return files;
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(
      const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(std::string text, ReadSmall(key, kBodyBytesMax));
    return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(text)));
  }
  Result<std::string> ReadSmall(const std::string& key, int64_t) override {
    ARROW_ASSIGN_OR_RAISE(const PageRecord* page, Find(key));
    const std::string body_key = BodyKey(folder_, page->body_sha256);
    ARROW_ASSIGN_OR_RAISE(const std::string body, workspace_->ReadSmall(body_key, kBodyBytesMax));
    if (Sha256Hex(body) != page->body_sha256) {
      return MakeError(ErrorCode::kWorkspaceDamaged, "`" + body_key + "` is not what was received",
                       "fetch anew: millrace run ... --refetch");
    }
    ARROW_ASSIGN_OR_RAISE(std::string text, PageText(body, page_bytes_max_));
    if (text.empty()) return text;
    return RecordsText(std::move(text), endpoint_, page->carried);
  }

  Result<std::unique_ptr<io::OutputFile>> Create(const std::string&) override { return ReadOnly(); }
  Result<io::PutResult> PutIfAbsent(const std::string&, std::string_view) override {
    return ReadOnly();
  }
  Status Replace(const std::string&, std::string_view) override { return ReadOnly(); }
  Status LinkOrCopy(const std::string&, io::Store&, const std::string&) override {
    return ReadOnly();
  }
  Status Remove(const std::string&) override { return ReadOnly(); }
  std::string LocalPath(const std::string&) const override { return ""; }

 private:
  static Status ReadOnly() {
    return MakeError(ErrorCode::kBug, "a snapshot's pages are not written to");
  }
  Result<const PageRecord*> Find(const std::string& key) const {
    const auto found = pages_.find(key);
    if (found != pages_.end()) return &found->second;
    return MakeError(ErrorCode::kIoFailed, "there is no page `" + key + "` in " + Describe());
  }
  io::FileInfo InfoOf(const std::string& key, const PageRecord& page) const {
    // No time of change: the hash of what is made of a page is not to be remembered by the page.
    return {key, page.body_bytes, 0, VersionOf(page, endpoint_)};
  }

  const std::shared_ptr<io::Store> workspace_;
  const std::string folder_;
  const Endpoint endpoint_;
  const int64_t page_bytes_max_;
  std::map<std::string, PageRecord> pages_;
};

}  // namespace

FileSource FilesOfSnapshot(std::shared_ptr<io::Store> workspace, const RestSource& source,
                           const Snapshot& snapshot, int64_t page_bytes_max) {
  FileSource files;
  files.name = source.name;
  files.format = source.records_format;
  files.snapshot = snapshot.id;
  auto store = std::make_shared<PageStore>(std::move(workspace), source, snapshot, page_bytes_max);
  files.files = *store->List("");  // its List cannot fail
  files.store = std::move(store);
  return files;
}

FileSource NoFiles(std::shared_ptr<io::Store> workspace, const RestSource& source) {
  return FilesOfSnapshot(std::move(workspace), source, Snapshot{}, 0);
}

}  // namespace millrace::source::rest
