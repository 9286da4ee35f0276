// A stage's folder in the workspace, stages/<stage>/<stage_key>: what its records name is below it.
#pragma once

#include <string>
#include <utility>

#include "io/store.h"

namespace millrace::stage {

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

 private:
  io::Store* store_;
  std::string folder_;
};

}  // namespace millrace::stage
