// What a loaded pipeline holds. The doors see it as an opaque class (millrace/pipeline.h).
#pragma once

#include "millrace/pipeline.h"
#include "pipeline/config/pipeline_config.h"

namespace millrace {

class Pipeline {
 public:
  explicit Pipeline(pipeline::PipelineConfig config) : config_(std::move(config)) {}
  const pipeline::PipelineConfig& config() const { return config_; }

 private:
  pipeline::PipelineConfig config_;
};

namespace pipeline {

/// Names every resolved config: the first 12 hex digits of its text's SHA-256.
std::string PlanId(const PipelineConfig& config);

}  // namespace pipeline
}  // namespace millrace
