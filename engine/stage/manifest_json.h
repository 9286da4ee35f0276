// The manifest as JSON (spec/manifest.md): equal manifests have equal bytes.
#pragma once

#include <string>

#include "base/status.h"
#include "stage/manifest.h"

namespace millrace::stage {

std::string ManifestToJson(const Manifest& manifest);
/// WorkspaceDamaged when the text is no manifest of this version; `what` names it in messages.
Result<Manifest> ManifestFromJson(const std::string& text, const std::string& what);

}  // namespace millrace::stage
