// Where the keys of S3 and Google Cloud Storage come from.
//
// Thread-safety: a KeySource may be asked from any thread.
#pragma once

#include <functional>

#include "io/object/signature.h"
#include "io/object/storage_options.h"

namespace millrace::io {

/// The keys of now; asked for every request, because those of roles expire.
using KeySource = std::function<Result<KeyPair>()>;

/// The entry's own, else those of the environment and of AWS' default chain.
KeySource KeysOf(const StorageEntry& entry);

}  // namespace millrace::io
