// The files that operators are handed (op/resources.h): read whole, hashed, and kept as they were
// when they were first asked for.
//
// Thread-safety: any thread.
#pragma once

#include <memory>
#include <string>

#include "op/resources.h"

namespace millrace::stage {

/// `base_dir`: where relative paths begin. `host`: the operators of the program around the engine;
/// may be empty.
///
/// A plug-in is loaded from a copy of the bytes that were hashed, so what runs is what manifests
/// name, and a file that is built anew meanwhile hurts nobody. Libraries stay loaded.
///
/// Errors: UnreadablePath, BadValue.
std::shared_ptr<const op::Resources> OpenResources(const std::string& base_dir,
                                                   HostOperators host = {});

}  // namespace millrace::stage
