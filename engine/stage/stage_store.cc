#include "stage/stage_store.h"

namespace millrace::stage {

Result<bool> StageStore::Look() {
  ARROW_ASSIGN_OR_RAISE(const auto files, store_->List(folder_));
  auto seen = std::make_shared<std::unordered_map<std::string, int64_t>>();
  bool any = false;
  for (const io::FileInfo& file : files) {
    if (io::IsTemporaryKey(file.key)) continue;
    std::string path = PathOf(file.key);
    any = any || path.rfind("commits/", 0) == 0;
    seen->emplace(std::move(path), file.bytes);
  }
  seen_ = std::move(seen);
  return any;
}

Result<std::optional<int64_t>> StageStore::BytesOf(const std::string& path) const {
  if (seen_ != nullptr) {
    const auto found = seen_->find(path);
    if (found != seen_->end()) return found->second;
  }
  ARROW_ASSIGN_OR_RAISE(const auto info, store_->StatIfThere(Key(path)));
  if (!info) return std::nullopt;
  return info->bytes;
}

}  // namespace millrace::stage
