// A loaded pipeline as Python holds it.
#pragma once

#include <memory>

#include "millrace/pipeline.h"

namespace millrace::python {

struct LoadedPipeline {
  std::shared_ptr<const Pipeline> pipeline;
};

}  // namespace millrace::python
