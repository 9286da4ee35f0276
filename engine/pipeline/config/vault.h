// The `vault` block: its fields, and its check against the rest of the config.
#pragma once

#include <optional>
#include <string>

#include "base/config_value.h"
#include "pipeline/config/fields.h"
#include "pipeline/config/problems.h"
#include "pipeline/secrets/vault_config.h"

namespace millrace::pipeline {

const ObjectSpec& VaultSpec();

/// Nothing where the config has no `vault`. Reports a ${vault:...} anywhere that lacks the block or
/// stands inside it.
std::optional<VaultConfig> BuildVault(const ConfigValue& root, const std::string& base_dir,
                                      ConfigProblems* problems);

}  // namespace millrace::pipeline
