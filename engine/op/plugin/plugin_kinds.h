// An operator of a plug-in as an operator of its kind. Internal to this folder.
#pragma once

#include <memory>

#include "op/operator.h"
#include "op/plugin/plugin_instance.h"
#include "op/request.h"

namespace millrace::op {

/// Null, reported, when it gives what its kind may not.
std::shared_ptr<const Operator> MakePluginOperator(const Request& request,
                                                   std::shared_ptr<const PluginInstance> instance);

}  // namespace millrace::op
