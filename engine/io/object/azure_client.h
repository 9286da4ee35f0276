// Azure Blob Storage.
#pragma once

#include <atomic>
#include <memory>

#include "io/object/object_client.h"
#include "io/object/storage_options.h"
#include "io/object/store_url.h"

namespace millrace::io {

/// Credentials: the entry's account key or SAS token, else AZURE_STORAGE_KEY or
/// AZURE_STORAGE_SAS_TOKEN of the environment.
Result<std::shared_ptr<ObjectClient>> MakeAzureClient(const StoreUrl& url,
                                                      const StorageEntry& entry,
                                                      const std::atomic<bool>* cancelled);

}  // namespace millrace::io
