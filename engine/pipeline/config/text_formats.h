// From the config of a source to its TextFormat (io/text_format.h): one function per format.
#pragma once

#include <memory>

#include "base/config_value.h"
#include "io/text_format.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// REQUIRES: a source whose `type` is a TextFormat's name.
std::shared_ptr<const io::TextFormat> BuildTextFormat(const ConfigValue& source,
                                                      ConfigProblems* problems);

}  // namespace millrace::pipeline
