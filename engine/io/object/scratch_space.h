// Local disk for what does not fit into memory, where there is no local workspace to hold it.
//
// Thread-safety: as the store's.
#pragma once

#include <memory>
#include <string>

#include "io/store.h"

namespace millrace::io {

/// A folder for nobody else, which goes with the object. Those that killed processes left are
/// removed first: a living process holds a lock on its own.
class ScratchSpace {
 public:
  /// For a workspace; null where that is a local folder and can hold such files itself.
  static Result<std::unique_ptr<ScratchSpace>> For(const Store& workspace);
  /// Among the system's temporary files.
  static Result<std::unique_ptr<ScratchSpace>> Temporary();
  ~ScratchSpace();
  ScratchSpace(const ScratchSpace&) = delete;
  ScratchSpace& operator=(const ScratchSpace&) = delete;
  Store& store() { return *store_; }

 private:
  ScratchSpace(std::string folder, int lock);
  static Result<std::unique_ptr<ScratchSpace>> Make(const std::string& place);
  std::string folder_;
  int lock_;
  std::shared_ptr<Store> store_;
};

}  // namespace millrace::io
