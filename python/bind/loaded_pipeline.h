// A loaded pipeline as Python holds it: the engine's, and what it was loaded from, so that another
// process can load the same.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "millrace/pipeline.h"

namespace millrace::python {

/// LoadPipelineText gives the pipeline again.
struct Recipe {
  std::string text, file, base_dir;
  std::map<std::string, std::string> params;
  int64_t at_step = -1;
};

struct LoadedPipeline {
  std::shared_ptr<const Pipeline> pipeline;
  Recipe recipe;
};

}  // namespace millrace::python
