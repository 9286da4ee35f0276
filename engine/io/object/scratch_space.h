// Local disk for what does not fit into memory, where the workspace is an object store.
//
// Thread-safety: as the store's.
#pragma once

#include <memory>
#include <string>

#include "io/store.h"

namespace millrace::io {

/// A local folder of this process alone; it goes with the object. Folders that killed processes
/// left are removed first.
class ScratchSpace {
 public:
  /// For a workspace; null where that is a local folder and can hold such files itself.
  static std::unique_ptr<ScratchSpace> For(const Store& workspace);
  ~ScratchSpace();
  ScratchSpace(const ScratchSpace&) = delete;
  ScratchSpace& operator=(const ScratchSpace&) = delete;
  Store& store() { return *store_; }

 private:
  explicit ScratchSpace(std::string folder);
  std::string folder_;
  std::shared_ptr<Store> store_;
};

}  // namespace millrace::io
