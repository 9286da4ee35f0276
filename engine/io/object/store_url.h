// URLs of places that are not the local file system, and the stores behind them.
//
//   s3://bucket/key   abfs://container@account.dfs.core.windows.net/key   gs://bucket/key
//   abfs://container/key (the account stands in the `storage` entry)   https://host/path
//
// Thread-safety: pure functions, and stores that may be used from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/object/storage_options.h"
#include "io/store.h"

namespace millrace::io {

/// Whether a path is a URL of any scheme: letters, then "://".
bool IsUrl(std::string_view path);

enum class StoreKind { kS3, kAzure, kGcs, kHttp };

struct StoreUrl {
  StoreKind kind = StoreKind::kS3;
  std::string scheme;
  std::string bucket;   // bucket or container; "https://host:8080" of a web server
  std::string account;  // Azure, where the URL names it
  std::string key;      // without slashes at its ends; may be empty
  std::string query;    // of a web server, without '?'
};
/// User error for schemes that are not known, a bucket that is missing, and credentials in a URL.
Result<StoreUrl> ParseStoreUrl(std::string_view url);

/// The entry that holds for a URL, or a default one.
StorageEntry EntryFor(const StorageOptions& options, const std::string& url);

/// A Store whose keys lie below `url`. Sends nothing yet. Web servers can only be read.
Result<std::shared_ptr<Store>> OpenUrl(const std::string& url, const StorageOptions& options);

/// Joins a URL (or a path) and a key with one '/'.
std::string JoinUrl(const std::string& url, const std::string& key);

}  // namespace millrace::io
