// Workspaces and targets, wherever they are: a folder of the local file system or a URL.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "io/object/storage_options.h"
#include "io/store.h"

namespace millrace::pipeline {

/// The store at an absolute path or a URL; nothing is looked at or sent yet. New local folders get
/// mode 0700 when `private_mode`.
Result<std::shared_ptr<io::Store>> OpenPlace(const std::string& place,
                                             const io::StorageOptions& storage,
                                             bool private_mode = false);

/// Where a key is, for people: a local path or a URL.
std::string PlaceOf(const io::Store& store, const std::string& key);

/// For reports, which hold no absolute path: a path relative to the config's folder; a URL as it
/// is.
std::string ShownPlace(const std::string& place, const std::string& base_dir);

}  // namespace millrace::pipeline
