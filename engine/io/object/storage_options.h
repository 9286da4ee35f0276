// How object stores and web servers are reached: what a config's `storage:` block says, as values.
//
// Thread-safety: values. A Secret may be asked from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::io {

/// Resolves a secret at the moment of use; empty where none is configured.
using Secret = std::function<Result<std::string>()>;

/// Holds for every URL that begins with `url`, up to a '/'; of several the longest one counts.
struct StorageEntry {
  std::string name;      // in the config
  std::string url;       // "s3://", "s3://bucket", "s3://bucket/prefix"
  std::string endpoint;  // "http://127.0.0.1:9000"; empty: the provider's own
  std::string region;    // S3; empty: of the environment, else us-east-1
  std::string account;   // Azure
  bool anonymous = false;
  bool allow_http = false;               // an endpoint or a URL without TLS
  bool allow_private_addresses = false;  // of web servers; an endpoint that is named may be private
  int retries = 4;                       // after the first attempt
  std::string ca_file;                   // PEM; empty: the system's
  Secret access_key_id, secret_access_key, session_token;  // S3, GCS (HMAC keys)
  Secret account_key, sas_token;                           // Azure
  Secret bearer_token;                                     // web servers, GCS
};

struct StorageOptions {
  std::vector<StorageEntry> entries;
  std::string scratch;  // folder for what waits to be sent; "": the system's
  const std::atomic<bool>* cancelled = nullptr;  // may be null; set: requests end Cancelled
};

}  // namespace millrace::io
