#include "io/object/web_client.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "io/http/url.h"
#include "io/object/answer_error.h"
#include "io/object/exchange.h"
#include "io/object/range_file.h"
#include "io/object/spool.h"

namespace millrace::io {
namespace {

using http::Request;
using http::Response;

constexpr int kRedirectsMax = 5;

/// The total of "bytes 0-0/1234", or -1.
int64_t TotalOf(const std::string* content_range) {
  if (content_range == nullptr) return -1;
  const size_t slash = content_range->find('/');
  if (slash == std::string::npos) return -1;
  const std::string total = content_range->substr(slash + 1);
  return ParseLength(&total);
}

/// What has been read from front to back, as a file.
FetchRange FromSpool(std::shared_ptr<const Spool> spool) {
  return [spool = std::move(spool)](int64_t offset, int64_t bytes) {
    return spool->Read(offset, bytes);
  };
}

class WebClient : public ObjectClient {
 public:
  WebClient(const StoreUrl& url, const StorageEntry& entry, std::string scratch,
            const std::atomic<bool>* cancelled)
      : origin_(url.bucket),
        query_(url.query),
        scratch_(std::move(scratch)),
        token_(entry.bearer_token),
        exchange_(entry, cancelled, kRedirectsMax,
                  [this](Request* request) { return Authorise(request); }) {}

  std::string Describe() const override { return origin_; }
  std::string Server() const override { return origin_; }
  bool read_only() const override { return true; }

  // A GET of one byte tells what a HEAD tells, and whether there are ranges; servers that make
  // their answers on the fly often know no HEAD.
  Result<std::optional<ObjectInfo>> Head(const std::string& key) override {
    const std::string what = "looking at " + NameOf(key);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (const auto found = kept_.find(key); found != kept_.end()) return found->second.info;
    }
    Request request = Get(key);
    request.headers.emplace_back("Range", "bytes=0-0");
    std::string first;
    bool whole = false;
    // The body of a server without ranges is not waited for.
    const Result<Response> answer = exchange_.Stream(
        request, [] { return Status::OK(); },
        [&](std::string_view bytes) {
          first.append(bytes);
          whole = first.size() > 1;
          return whole ? http::RequestFailed(false, "no ranges") : Status::OK();
        });
    if (whole) return Spooled(key, what);
    if (!answer.ok()) return NoAnswer(answer.status(), what);
    if (answer->status == 404 || answer->status == 410) return std::nullopt;
    if (answer->status == 416 && TotalOf(answer->Find("content-range")) == 0) {
      return Described(key, *answer, 0);
    }
    if (answer->status == 206) {
      const int64_t total = TotalOf(answer->Find("content-range"));
      if (total >= 0) return Described(key, *answer, total);
      return Spooled(key, what);
    }
    if (answer->status == 200) return Spooled(key, what);
    return AnswerError(*answer, what);
  }

  Result<std::vector<ObjectInfo>> List(const std::string&) override {
    return MakeError(ErrorCode::kUnreadablePath, "a web server cannot be listed: " + origin_,
                     "name one file; a source for each");
  }

  Result<std::string> GetRange(const ObjectInfo& info, int64_t offset, int64_t bytes) override {
    const std::string what = "reading " + NameOf(info.key);
    Request request = Get(info.key);
    request.headers.emplace_back(
        "Range", "bytes=" + std::to_string(offset) + '-' + std::to_string(offset + bytes - 1));
    if (!info.etag.empty() && info.etag[0] != 'W') {
      request.headers.emplace_back("If-Match", '"' + info.etag + '"');
    }
    std::string body;
    ARROW_ASSIGN_OR_RAISE(const Response response, Fetch(request, bytes, what, &body));
    const std::string* etag = response.Find("etag");
    const bool other =
        response.status == 412 || response.status == 404 ||
        (etag != nullptr && Unquoted(*etag) != info.etag) ||
        (response.status == 206 && TotalOf(response.Find("content-range")) != info.bytes);
    if (other) {
      return MakeError(ErrorCode::kFileChanged, NameOf(info.key) + " changed while it was read",
                       "run again when nothing writes to it");
    }
    if (response.status != 206) return AnswerError(response, what);
    if (static_cast<int64_t>(body.size()) != bytes) {
      return MakeError(ErrorCode::kIoFailed, what + ": a range came back with another length");
    }
    return body;
  }

  Result<std::string> GetSmall(const std::string& key, int64_t bytes_max) override {
    ARROW_ASSIGN_OR_RAISE(const auto info, Head(key));
    if (!info || info->bytes > bytes_max) {
      return MakeError(ErrorCode::kIoFailed,
                       NameOf(key) + (info ? " is too large" : " is not there"));
    }
    ARROW_ASSIGN_OR_RAISE(const auto spool, KeptSpool(key));
    if (spool) return spool->Read(0, info->bytes);
    return GetRange(*info, 0, info->bytes);
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenWhole(const ObjectInfo& info) override {
    ARROW_ASSIGN_OR_RAISE(const auto spool, KeptSpool(info.key));
    if (!spool) return nullptr;
    return MakeRangeFile(FromSpool(spool), spool->bytes());
  }

  Status Put(const std::string&, std::string_view) override { return ReadOnly(); }
  Result<PutResult> PutIfAbsent(const std::string&, std::string_view) override {
    return ReadOnly();
  }
  Status PutLarge(const std::string&, int64_t, const PieceReader&) override { return ReadOnly(); }
  Status Copy(ObjectClient&, const std::string&, const std::string&) override { return ReadOnly(); }
  Status Delete(const std::string&) override { return ReadOnly(); }

 private:
  struct Kept {
    ObjectInfo info;
    std::shared_ptr<const Spool> spool;
  };

  Request Get(const std::string& key) const {
    std::string url = origin_ + '/' + key;
    if (!query_.empty()) url += '?' + query_;
    // A body in another coding would have another length at other offsets.
    return {"GET", url, {{"Accept-Encoding", "identity"}}, {}, {}};
  }
  Status Authorise(Request* request) const {
    if (!token_) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const std::string token, token_());
    request->credentials.emplace_back("Authorization", "Bearer " + token);
    return Status::OK();
  }
  Status ReadOnly() const {
    return MakeError(ErrorCode::kUnreadablePath, origin_ + " can only be read");
  }
  std::string NameOf(const std::string& key) const { return origin_ + '/' + key; }
  Result<Response> Fetch(const Request& request, int64_t bytes, const std::string& what,
                         std::string* body) {
    Result<Response> response = exchange_.Fetch(request, bytes, body);
    return response.ok() ? response : NoAnswer(response.status(), what);
  }

  static ObjectInfo Described(const std::string& key, const Response& response, int64_t bytes) {
    ObjectInfo info;
    info.key = key;
    info.bytes = bytes;
    if (const std::string* time = response.Find("last-modified")) info.mtime_ns = ParseTime(*time);
    if (const std::string* etag = response.Find("etag")) info.etag = Unquoted(*etag);
    return info;
  }

  Result<std::shared_ptr<const Spool>> KeptSpool(const std::string& key) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = kept_.find(key);
    return found == kept_.end() ? nullptr : found->second.spool;
  }

  // Read once, and taken for what the server holds from then on: a server without ranges cannot
  // change a file under a run, because the run does not look again.
  Result<std::optional<ObjectInfo>> Spooled(const std::string& key, const std::string& what) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (const auto found = kept_.find(key); found != kept_.end()) return found->second.info;
    std::shared_ptr<Spool> spool;
    const Result<Response> answer = exchange_.Stream(
        Get(key),
        [&] {
          spool = std::make_shared<Spool>(scratch_);
          return Status::OK();
        },
        [&](std::string_view bytes) { return spool->Write(bytes); });
    if (!answer.ok()) return NoAnswer(answer.status(), what);
    if (answer->status / 100 != 2) return AnswerError(*answer, what);
    const ObjectInfo info = Described(key, *answer, spool->bytes());
    kept_[key] = {info, std::move(spool)};
    return info;
  }

  const std::string origin_, query_, scratch_;
  const Secret token_;
  Exchange exchange_;
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;
};

}  // namespace

Result<std::shared_ptr<ObjectClient>> MakeWebClient(const StoreUrl& url, const StorageEntry& entry,
                                                    const std::string& scratch,
                                                    const std::atomic<bool>* cancelled) {
  if (url.scheme == "http" && !entry.allow_http) {
    return MakeError(ErrorCode::kBadValue, "the URL " + url.bucket + " has no TLS",
                     "write https://, or `allow_http: true` in its `storage` entry");
  }
  return std::make_shared<WebClient>(url, entry, scratch, cancelled);
}

}  // namespace millrace::io
