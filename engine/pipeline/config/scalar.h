// What a scalar means for the field it is given to. YAML's own ideas of types play no part.
#pragma once

#include <string>

#include "base/config_value.h"
#include "pipeline/config/fields.h"

namespace millrace::pipeline {

struct ScalarFault {
  ErrorCode code = ErrorCode::kWrongType;
  std::string message, suggestion;  // no message: the scalar is right
};

/// Reads `text` as the field's type into `value`. `quoted`: it was quoted in the config (and did
/// not come from a reference).
ScalarFault ReadScalar(const Field& field, const std::string& text, bool quoted,
                       ConfigValue* value);

}  // namespace millrace::pipeline
