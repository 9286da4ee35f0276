// From the config of an export to how it writes. Where to, and what, is for build.cc to say.
#pragma once

#include <string>

#include "base/config_value.h"
#include "export/export.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

exporting::ExportOptions BuildExportOptions(const std::string& name, const ConfigValue& value,
                                            ConfigProblems* problems);

}  // namespace millrace::pipeline
