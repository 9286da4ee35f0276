// The `storage` block of a config, and the URLs of its sources, workspace and targets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config_value.h"
#include "io/object/storage_options.h"
#include "pipeline/config/problems.h"
#include "pipeline/secrets/vault_config.h"

namespace millrace::pipeline {

/// Secrets stay references: they are resolved when a request needs them.
std::vector<io::StorageEntry> BuildStorage(const ConfigValue& storage, const std::string& base_dir,
                                           const std::optional<VaultConfig>& vault,
                                           ConfigProblems* problems);

enum class UrlUse { kRead, kWrite };
/// Reports a path that is a URL of a scheme that cannot be read, or written.
void CheckUrl(const ConfigValue& path, UrlUse use, ConfigProblems* problems);

}  // namespace millrace::pipeline
