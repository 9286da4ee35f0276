// Reads a tree by a table of fields: unknown, missing and mistyped keys are reported, everything
// else becomes a ConfigValue.
#pragma once

#include "base/config_value.h"
#include "pipeline/config/problems.h"
#include "pipeline/config/references.h"

namespace millrace::pipeline {

/// `scope` resolves the references in ordinary fields. The tree must outlive the result.
ConfigValue WalkConfig(const ConfigNode& root, const ObjectSpec& spec, const ReferenceScope& scope,
                       ConfigProblems* problems);

/// Whether a text may name a source, a contract, an export, a pipeline or a parameter.
bool IsName(const std::string& text);

}  // namespace millrace::pipeline
