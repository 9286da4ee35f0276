// An object store as a Store. Objects appear whole under their own key: there are no temporary
// names, so a killed writer leaves nothing but, at most, an unfinished multipart upload. What is
// written waits in memory or in an unlinked file of the scratch folder until its key is known.
//
// Thread-safety: as any Store.
#pragma once

#include <memory>
#include <string>

#include "io/object/object_client.h"
#include "io/store.h"

namespace millrace::io {

struct ObjectStoreOptions {
  std::string prefix;   // keys lie below it; "" for the whole bucket
  std::string scratch;  // folder; "": the system's
};

/// The first PutIfAbsent proves that the bucket refuses a second put; one that does not is refused
/// with a user error.
std::shared_ptr<Store> MakeObjectStore(std::shared_ptr<ObjectClient> client,
                                       ObjectStoreOptions options);

/// The `scratch` a store was made with; "" of other stores.
std::string ScratchSettingOf(const Store& store);

}  // namespace millrace::io
