#include "io/object/store_url.h"

#include <algorithm>

#include "io/http/url.h"
#include "io/object/azure_client.h"
#include "io/object/object_store.h"
#include "io/object/s3_client.h"
#include "io/object/web_client.h"

namespace millrace::io {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Status BadUrl(std::string_view url, const std::string& why, const std::string& help) {
  return MakeError(ErrorCode::kUnreadablePath, "`" + http::RedactUrl(url) + "` " + why, help);
}

std::string Trimmed(std::string_view key) {
  while (!key.empty() && key.front() == '/') key.remove_prefix(1);
  while (!key.empty() && key.back() == '/') key.remove_suffix(1);
  return std::string(key);
}

Result<StoreUrl> ParseWebUrl(std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(const http::Url url, http::ParseUrl(text));
  StoreUrl out;
  out.kind = StoreKind::kHttp;
  out.scheme = url.scheme;
  out.bucket = url.Origin();
  out.key = Trimmed(url.path);
  out.query = url.query;
  return out;
}

}  // namespace

bool IsUrl(std::string_view path) {
  const size_t colon = path.find("://");
  return colon != std::string_view::npos && colon > 0 && IsLetter(path[0]) &&
         std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
           return IsLetter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

Result<StoreUrl> ParseStoreUrl(std::string_view text) {
  const size_t colon = std::min(text.find("://"), text.size());
  const std::string scheme(text.substr(0, colon));
  if (scheme == "http" || scheme == "https") return ParseWebUrl(text);
  StoreUrl url;
  url.scheme = scheme;
  if (scheme == "s3" || scheme == "s3a") {
    url.kind = StoreKind::kS3;
  } else if (scheme == "gs") {
    url.kind = StoreKind::kGcs;
  } else if (scheme == "abfs" || scheme == "abfss") {
    url.kind = StoreKind::kAzure;
  } else {
    return BadUrl(text, "is of a scheme that is not known",
                  "known are s3://, abfs://, gs://, and for reading https:// and http://");
  }
  const std::string_view rest = text.substr(colon + 3);
  const size_t slash = std::min(rest.find('/'), rest.size());
  url.bucket = std::string(rest.substr(0, slash));
  url.key = Trimmed(rest.substr(slash));
  if (const size_t at = url.bucket.find('@');
      url.kind == StoreKind::kAzure && at != std::string::npos) {
    const std::string host = url.bucket.substr(at + 1);
    url.account = host.substr(0, host.find('.'));
    url.bucket.resize(at);
  }
  if (url.bucket.find('@') != std::string::npos) {
    return BadUrl(text.substr(0, colon + 3), "holds credentials",
                  "give them in the `storage` block as references");
  }
  if (url.bucket.empty()) return BadUrl(text, "names no bucket", scheme + "://bucket/key");
  return url;
}

StorageEntry EntryFor(const StorageOptions& options, const std::string& url) {
  const StorageEntry* best = nullptr;
  for (const StorageEntry& entry : options.entries) {
    const std::string& own = entry.url;
    const bool holds = url.rfind(own, 0) == 0 &&
                       (own.size() == url.size() || own.back() == '/' || url[own.size()] == '/');
    if (holds && (best == nullptr || own.size() > best->url.size())) best = &entry;
  }
  return best == nullptr ? StorageEntry{} : *best;
}

Result<std::shared_ptr<Store>> OpenUrl(const std::string& text, const StorageOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const StoreUrl url, ParseStoreUrl(text));
  const StorageEntry entry = EntryFor(options, text);
  std::shared_ptr<ObjectClient> client;
  if (url.kind == StoreKind::kHttp) {
    ARROW_ASSIGN_OR_RAISE(client, MakeWebClient(url, entry, options.scratch, options.cancelled));
  } else if (url.kind == StoreKind::kAzure) {
    ARROW_ASSIGN_OR_RAISE(client, MakeAzureClient(url, entry, options.cancelled));
  } else {
    ARROW_ASSIGN_OR_RAISE(client, MakeS3Client(url, entry, options.cancelled));
  }
  ObjectStoreOptions store;
  store.prefix = url.key;
  store.scratch = options.scratch;
  return MakeObjectStore(std::move(client), std::move(store));
}

std::string JoinUrl(const std::string& url, const std::string& key) {
  if (key.empty()) return url;
  return !url.empty() && url.back() == '/' ? url + key : url + '/' + key;
}

}  // namespace millrace::io
