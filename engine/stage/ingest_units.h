// The worker's side of the ingest stage: units that a driver in another process asks for.
#pragma once

#include <memory>
#include <string>

#include "stage/ingest.h"

namespace millrace::stage {

/// Thread-safety: one thread, as a worker does one unit at a time.
class IngestUnits {
 public:
  /// REQUIRES: nobody but the driver holds the workspace.
  static Result<std::unique_ptr<IngestUnits>> Open(IngestPlan plan, RunContext context);
  virtual ~IngestUnits() = default;
  /// The id of the commit. Usage when the plans differ.
  virtual Result<std::string> Perform(const UnitCall& call) = 0;
};

}  // namespace millrace::stage
