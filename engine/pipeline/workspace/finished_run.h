// What an opened run holds. The doors see it as an opaque class (millrace/finished_run.h).
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "io/store.h"
#include "millrace/finished_run.h"
#include "pipeline/config/pipeline_config.h"

namespace millrace {

class FinishedRun {
 public:
  struct Parts {
    std::shared_ptr<io::Store> workspace;
    std::string folder;             // key of the run's folder
    std::string report_key;         // of its report, or of what a run that stopped left of it
    nlohmann::ordered_json report;  // spec/report.md
    /// Paths of exports are relative where nobody can tell where the config was. Null where what
    /// the run recorded cannot be read as a config any more.
    std::optional<pipeline::PipelineConfig> config;
  };
  explicit FinishedRun(Parts parts) : parts_(std::move(parts)) {}
  const Parts& parts() const { return parts_; }

 private:
  Parts parts_;
};

}  // namespace millrace
