#include "pipeline/places.h"

#include <filesystem>

#include "io/object/store_url.h"

namespace millrace::pipeline {
Result<std::shared_ptr<io::Store>> OpenPlace(const std::string& place,
                                             const io::StorageOptions& storage, bool private_mode) {
  if (io::IsUrl(place)) return io::OpenUrl(place, storage);
  return io::MakeLocalStore(place, private_mode);
}

std::string PlaceOf(const io::Store& store, const std::string& key) {
  const std::string path = store.LocalPath(key);
  return path.empty() ? io::JoinUrl(store.Describe(), key) : path;
}

std::string ShownPlace(const std::string& place, const std::string& base_dir) {
  if (io::IsUrl(place)) return place;
  return std::filesystem::path(place).lexically_relative(base_dir).generic_string();
}

}  // namespace millrace::pipeline
