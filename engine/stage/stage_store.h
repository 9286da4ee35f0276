// A stage's folder in the workspace, stages/<stage>/<stage_key>: what its records name is below it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "io/store.h"

namespace millrace::stage {

/// Thread-safety: any thread, once Look has returned.
class StageStore {
 public:
  /// The store must outlive it.
  StageStore(io::Store& store, std::string folder) : store_(&store), folder_(std::move(folder)) {}

  io::Store& store() const { return *store_; }
  const std::string& folder() const { return folder_; }
  /// The key of a path that a record holds.
  std::string Key(const std::string& path) const { return folder_ + '/' + path; }
  /// The path of a key of the folder, as records hold it.
  std::string PathOf(const std::string& key) const { return key.substr(folder_.size() + 1); }

  /// Lists the folder, once for all: whether a commit record is there. It only saves questions:
  /// what belongs to the stage is what records name, and a file that was not seen is asked for.
  Result<bool> Look();
  /// The size of the file that a record names; none when it is not there.
  Result<std::optional<int64_t>> BytesOf(const std::string& path) const;

 private:
  io::Store* store_;
  std::string folder_;
  std::shared_ptr<const std::unordered_map<std::string, int64_t>> seen_;  // bytes by path
};

}  // namespace millrace::stage
