// Amazon S3 and what speaks its protocol, Google Cloud Storage's XML interface included.
#pragma once

#include <atomic>
#include <memory>

#include "io/object/object_client.h"
#include "io/object/storage_options.h"
#include "io/object/store_url.h"

namespace millrace::io {

/// Credentials: the entry's keys, else those of the environment (AWS_ACCESS_KEY_ID and so on), else
/// the provider's default chain (profiles, web identity, container and instance roles).
Result<std::shared_ptr<ObjectClient>> MakeS3Client(const StoreUrl& url, const StorageEntry& entry,
                                                   const std::atomic<bool>* cancelled);

}  // namespace millrace::io
