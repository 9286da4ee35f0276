// The worker's side of a stage with operators: units that a driver in another process asks for.
#pragma once

#include <memory>
#include <string>

#include "stage/operators/operator_stage.h"

namespace millrace::stage {

/// Thread-safety: one thread, as a worker does one unit at a time.
class OperatorUnits {
 public:
  /// REQUIRES: nobody but the driver holds the workspace; the inputs are committed.
  static Result<std::unique_ptr<OperatorUnits>> Open(OperatorPlan plan, RunContext context);
  virtual ~OperatorUnits() = default;
  /// The id of the commit. Usage when the plans differ.
  virtual Result<std::string> Perform(const UnitCall& call) = 0;
};

}  // namespace millrace::stage
