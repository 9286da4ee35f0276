#include "stage/file_hashes.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <nlohmann/json.hpp>

#include "base/sha256.h"

namespace millrace::stage {
namespace {

using Json = nlohmann::json;

constexpr int64_t kReadBytes = 1 << 20;
constexpr int64_t kSettledNs = 2'000'000'000;  // the coarsest mtime in use (FAT) counts 2 s

std::string CacheKey(const std::string& source) { return "sources/" + source + "/hashes.json"; }

}  // namespace

FileHashes::FileHashes(
    io::Store& workspace, std::function<int64_t()> now_ns,
    std::function<Status(const source::FileSource&, const io::FileInfo&)> check_unchanged,
    const std::atomic<bool>* cancelled)
    : workspace_(workspace),
      now_ns_(std::move(now_ns)),
      check_unchanged_(std::move(check_unchanged)),
      cancelled_(cancelled) {}

void FileHashes::Load(const source::FileSource& source) {
  const auto text = workspace_.ReadSmall(CacheKey(source.name), int64_t{1} << 30);
  if (!text.ok()) return;
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("files") || !json["files"].is_object()) return;
  std::lock_guard<std::mutex> lock(mutex_);
  Cache& cache = caches_[source.name];
  for (const io::FileInfo& file : source.files) {
    const auto value = json["files"].find(file.key);
    if (value == json["files"].end()) continue;
    auto entry = std::make_shared<Entry>();
    try {
      entry->file = {file.key, value->at("bytes").get<int64_t>(),
                     value->at("mtime_ns").get<int64_t>(), value->at("inode").get<uint64_t>()};
      entry->sha256 = value->at("sha256").get<std::string>();
    } catch (const Json::exception&) {
      continue;
    }
    entry->keep = true;
    if (entry->file.SameVersion(file)) cache.entries[file.key] = std::move(entry);
  }
}

std::shared_ptr<FileHashes::Entry> FileHashes::EntryOf(const std::string& source,
                                                       const io::FileInfo& file) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<Entry>& entry = caches_[source].entries[file.key];
  if (!entry || !entry->file.SameVersion(file)) {
    entry = std::make_shared<Entry>();
    entry->file = file;
  }
  return entry;
}

void FileHashes::Learn(const source::FileSource& source, const io::FileInfo& file,
                       const std::string& sha256) {
  const auto entry = EntryOf(source.name, file);
  std::lock_guard<std::mutex> lock(mutex_);
  if (entry->sha256 == sha256) return;
  entry->sha256 = sha256;
  entry->keep = file.mtime_ns != 0 && file.mtime_ns < now_ns_() - kSettledNs;
  if (entry->keep) ++caches_[source.name].unsaved;
}

std::string FileHashes::Known(const source::FileSource& source, const io::FileInfo& file) {
  const auto entry = EntryOf(source.name, file);
  std::lock_guard<std::mutex> lock(mutex_);
  return entry->sha256;
}

Result<std::string> FileHashes::Of(const source::FileSource& source, const io::FileInfo& file) {
  if (const auto* rows = std::get_if<io::DatasetReadOptions>(&source.format)) {
    return io::IdentityOf(*rows->dataset);
  }
  const auto entry = EntryOf(source.name, file);
  std::lock_guard<std::mutex> reading(entry->reading);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!entry->sha256.empty()) return entry->sha256;
  }
  ARROW_ASSIGN_OR_RAISE(const std::string sha256, ReadAll(*source.store, file));
  ARROW_RETURN_NOT_OK(check_unchanged_(source, file));
  Learn(source, file, sha256);
  return sha256;
}

Result<std::string> FileHashes::ReadAll(io::Store& store, const io::FileInfo& file) {
  ARROW_ASSIGN_OR_RAISE(auto input, store.OpenForRead(file.key));
  Sha256 hash;
  for (std::string buffer(kReadBytes, '\0');;) {
    if (cancelled_ != nullptr && *cancelled_) return Status::Cancelled("cancelled");
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, input->Read(kReadBytes, buffer.data()));
    if (bytes == 0) return hash.FinishHex();
    hash.Update(buffer.data(), static_cast<size_t>(bytes));
  }
}

Status FileHashes::Save(bool if_worthwhile) {
  std::lock_guard<std::mutex> saving(saving_);
  std::map<std::string, std::string> texts;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [source, cache] : caches_) {
      // Growing steps keep the cost of saving in proportion to what there is to save.
      if (cache.unsaved == 0 || (if_worthwhile && cache.unsaved < cache.entries.size() / 8))
        continue;
      cache.unsaved = 0;
      Json files = Json::object();
      for (const auto& [path, entry] : cache.entries) {
        if (!entry->keep) continue;
        files[path] = {{"bytes", entry->file.bytes},
                       {"mtime_ns", entry->file.mtime_ns},
                       {"inode", entry->file.inode},
                       {"sha256", entry->sha256}};
      }
      texts[source] = Json{{"files", std::move(files)}}.dump(1) + '\n';
    }
  }
  for (const auto& [source, text] : texts)
    ARROW_RETURN_NOT_OK(workspace_.Replace(CacheKey(source), text));
  return Status::OK();
}

}  // namespace millrace::stage
