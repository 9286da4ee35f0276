// An error for machines: what `--json` prints and what exceptions of other languages are made of.
#pragma once

#include <string>

#include "base/status.h"

namespace millrace {

/// `ok` (false), `exit_code` and `errors`: of each diagnostic `code`, `kind`, `message` and, where
/// there is one, `suggestion`, `file`, `line`, `column`. Registered secrets are masked.
/// REQUIRES: the status is not OK.
std::string ErrorToJson(const Status& status);

}  // namespace millrace
