// Files of a web server, to be read only. A server without ranges is read from front to back into
// the scratch folder, once per version of the file.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "io/object/object_client.h"
#include "io/object/storage_options.h"
#include "io/object/store_url.h"

namespace millrace::io {

Result<std::shared_ptr<ObjectClient>> MakeWebClient(const StoreUrl& url, const StorageEntry& entry,
                                                    const std::string& scratch,
                                                    const std::atomic<bool>* cancelled);

}  // namespace millrace::io
