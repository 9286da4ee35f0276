// The options of a `prompts` export from its config.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "base/config_value.h"
#include "export/prompts/prompt_options.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// Reports what is wrong with them, each at its place. `rows`: of the table, null where only the
/// data can tell.
std::shared_ptr<const exporting::PromptOptions> BuildPrompts(const ConfigValue& value,
                                                             uint64_t seed,
                                                             const arrow::Schema* rows,
                                                             ConfigProblems* problems);

}  // namespace millrace::pipeline
