#include "io/object/s3_client.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "base/log.h"
#include "io/http/url.h"
#include "io/object/answer_error.h"
#include "io/object/default_tokens.h"
#include "io/object/exchange.h"
#include "io/object/parts.h"
#include "io/object/s3_credentials.h"
#include "io/object/signature.h"
#include "io/object/xml_text.h"

namespace millrace::io {
namespace {

using http::Request;
using http::Response;

constexpr int64_t kPartBytes = 8 << 20;  // S3 takes none below 5 MiB but the last
constexpr int64_t kPartsMax = 10'000;
constexpr int kPartsAtOnce = 3;  // of all uploads of a client: bounds memory

std::string PercentDecoded(const std::string& text) {
  std::string out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// What an S3 service is called and where it is.
struct Place {
  std::string scheme;  // of its URLs
  std::string bucket, base, server, region;
  SigningDialect dialect;
  std::pair<std::string, std::string> if_absent = {"If-None-Match", "*"};
};

class S3Client : public ObjectClient {
 public:
  S3Client(Place place, const StorageEntry& entry, const std::atomic<bool>* cancelled, Sign sign)
      : place_(std::move(place)),
        exchange_(entry, cancelled, /*redirects_max=*/0, std::move(sign)) {}

  std::string Describe() const override { return place_.scheme + "://" + place_.bucket; }
  std::string Server() const override { return place_.server; }

  Result<std::optional<ObjectInfo>> Head(const std::string& key) override {
    const std::string what = "looking at " + NameOf(key);
    ARROW_ASSIGN_OR_RAISE(const Response response, Send({"HEAD", UrlOf(key), {}, {}, {}}, what));
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) return AnswerError(response, what);
    return InfoOf(key, response);
  }

  Result<std::vector<ObjectInfo>> List(const std::string& prefix) override {
    const std::string what = "listing " + NameOf(prefix);
    std::vector<ObjectInfo> files;
    for (std::string token;;) {
      std::vector<std::pair<std::string, std::string>> query = {{"encoding-type", "url"},
                                                                {"list-type", "2"}};
      if (!token.empty()) query.emplace_back("continuation-token", token);
      query.emplace_back("prefix", prefix);
      ARROW_ASSIGN_OR_RAISE(
          const Response response,
          Send({"GET", place_.base + "/?" + http::EncodeQuery(query), {}, {}, {}}, what));
      if (response.status != 200) return AnswerError(response, what);
      const bool encoded = XmlText(response.body, "EncodingType") == "url";
      for (const std::string_view entry : XmlElements(response.body, "Contents")) {
        ObjectInfo info;
        info.key = XmlText(entry, "Key");
        if (encoded) info.key = PercentDecoded(info.key);
        const std::string size = XmlText(entry, "Size");
        info.bytes = ParseLength(&size);
        info.mtime_ns = ParseTime(XmlText(entry, "LastModified"));
        info.etag = Unquoted(XmlText(entry, "ETag"));
        if (info.bytes < 0) return Strange(what, "an object without a size");
        files.push_back(std::move(info));
      }
      if (XmlText(response.body, "IsTruncated") != "true") return files;
      std::string next = XmlText(response.body, "NextContinuationToken");
      if (next.empty() || next == token) return Strange(what, "a listing that does not go on");
      token = std::move(next);
    }
  }

  Result<std::string> GetRange(const ObjectInfo& info, int64_t offset, int64_t bytes) override {
    const std::string what = "reading " + NameOf(info.key);
    Request request{"GET", UrlOf(info.key), {}, {}, {}};
    request.headers.emplace_back(
        "Range", "bytes=" + std::to_string(offset) + '-' + std::to_string(offset + bytes - 1));
    if (!info.etag.empty()) request.headers.emplace_back("If-Match", '"' + info.etag + '"');
    std::string body;
    ARROW_ASSIGN_OR_RAISE(const Response response, Fetch(request, bytes, what, &body));
    if (response.status == 412 || response.status == 404) {
      return MakeError(ErrorCode::kFileChanged, NameOf(info.key) + " changed while it was read",
                       "run again when nothing writes to it");
    }
    if (response.status == 200 && offset == 0 && static_cast<int64_t>(body.size()) == bytes) {
      return body;
    }
    if (response.status != 206) return AnswerError(response, what);
    if (static_cast<int64_t>(body.size()) != bytes) return Strange(what, "a range of other length");
    return body;
  }

  Result<std::string> GetSmall(const std::string& key, int64_t bytes_max) override {
    const std::string what = "reading " + NameOf(key);
    Request request{"GET", UrlOf(key), {}, {}, {}};
    if (bytes_max > 0) {  // servers disagree on what the first byte of an empty object is
      request.headers.emplace_back("Range", "bytes=0-" + std::to_string(bytes_max));
    }
    std::string body;
    ARROW_ASSIGN_OR_RAISE(const Response response, Fetch(request, 0, what, &body));
    if (response.status == 416) return std::string();  // of an empty object there is no range
    if (response.status != 200 && response.status != 206) return AnswerError(response, what);
    if (static_cast<int64_t>(body.size()) > bytes_max) {
      return MakeError(ErrorCode::kIoFailed,
                       NameOf(key) + " is larger than " + std::to_string(bytes_max) + " bytes");
    }
    return body;
  }

  Status Put(const std::string& key, std::string_view bytes) override {
    const std::string what = "writing " + NameOf(key);
    ARROW_ASSIGN_OR_RAISE(const Response response,
                          Send({"PUT", UrlOf(key), {}, {}, std::string(bytes)}, what));
    return response.status == 200 ? Status::OK() : AnswerError(response, what);
  }

  // 412 says that the key is there; 409 that another put of it is under way, and who wins is open.
  Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) override {
    const std::string what = "writing " + NameOf(key);
    constexpr int kConflictsMax = 20;
    for (int conflicts = 0;; ++conflicts) {
      const Request request{"PUT", UrlOf(key), {place_.if_absent}, {}, std::string(bytes)};
      int attempts = 0;
      ARROW_ASSIGN_OR_RAISE(const Response response, Send(request, what, &attempts));
      if (response.status == 200) return PutResult::kCreated;
      if (response.status == 412 && attempts == 1) return PutResult::kExists;
      if (response.status == 412) {  // the answer to an earlier attempt may have been lost
        const Result<std::string> there = GetSmall(key, static_cast<int64_t>(bytes.size()));
        return there.ok() && *there == bytes ? PutResult::kCreated : PutResult::kExists;
      }
      if (response.status != 409 || conflicts == kConflictsMax) return AnswerError(response, what);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  Status PutLarge(const std::string& key, int64_t bytes, const PieceReader& read) override {
    if (bytes <= kPartBytes) {
      ARROW_ASSIGN_OR_RAISE(const std::string whole, read(0, bytes));
      return Put(key, whole);
    }
    const std::string what = "writing " + NameOf(key);
    ARROW_ASSIGN_OR_RAISE(const Response begun,
                          Send({"POST", UrlOf(key) + "?uploads=", {}, {}, {}}, what));
    if (begun.status != 200) return AnswerError(begun, what);
    const std::string id = XmlText(begun.body, "UploadId");
    if (id.empty()) return Strange(what, "an upload without an id");
    const Status sent = SendAll(key, id, bytes, read, what);
    if (!sent.ok()) {
      // What is left of an upload costs its owner money; failing to clear it changes nothing here.
      const auto ignored = exchange_.Send(
          {"DELETE", UrlOf(key) + "?uploadId=" + http::PercentEncode(id), {}, {}, {}});
      (void)ignored.ok();
    }
    return sent;
  }

  Status Copy(ObjectClient& from, const std::string& from_key, const std::string& to) override {
    const auto& source = static_cast<S3Client&>(from);
    const std::string what = "copying " + source.NameOf(from_key) + " to " + NameOf(to);
    Request request{"PUT", UrlOf(to), {}, {}, {}};
    request.headers.emplace_back(place_.dialect.header_prefix + "copy-source",
                                 '/' + source.place_.bucket + EncodedKey(from_key));
    ARROW_ASSIGN_OR_RAISE(const Response response, Send(request, what));
    // A copy that fails on its way has answered 200 before.
    if (response.status == 200 && XmlElements(response.body, "Error").empty()) return Status::OK();
    return AnswerError(response, what);
  }

  Status Delete(const std::string& key) override {
    const std::string what = "removing " + NameOf(key);
    ARROW_ASSIGN_OR_RAISE(const Response response, Send({"DELETE", UrlOf(key), {}, {}, {}}, what));
    const bool gone = response.status / 100 == 2 || response.status == 404;
    return gone ? Status::OK() : AnswerError(response, what);
  }

 private:
  std::string UrlOf(const std::string& key) const { return place_.base + EncodedKey(key); }
  std::string NameOf(const std::string& key) const { return Describe() + '/' + key; }

  Result<Response> Send(const Request& request, const std::string& what, int* attempts = nullptr) {
    Result<Response> response = exchange_.Send(request, attempts);
    return response.ok() ? response : NoAnswer(response.status(), what);
  }
  Result<Response> Fetch(const Request& request, int64_t bytes, const std::string& what,
                         std::string* body) {
    Result<Response> response = exchange_.Fetch(request, bytes, body);
    return response.ok() ? response : NoAnswer(response.status(), what);
  }
  static Status Strange(const std::string& what, const std::string& answer) {
    return MakeError(ErrorCode::kIoFailed, what + ": the server answers with " + answer,
                     "is the endpoint one of an S3 service?");
  }

  Status SendAll(const std::string& key, const std::string& id, int64_t bytes,
                 const PieceReader& read, const std::string& what) {
    const int64_t part_bytes = std::max(kPartBytes, (bytes + kPartsMax - 1) / kPartsMax);
    const std::string upload = "uploadId=" + http::PercentEncode(id);
    const SendPart send = [&](int64_t number, std::string body) -> Result<std::string> {
      const std::string url =
          UrlOf(key) + "?partNumber=" + std::to_string(number + 1) + '&' + upload;
      ARROW_ASSIGN_OR_RAISE(const Response response,
                            Send({"PUT", url, {}, {}, std::move(body)}, what));
      const std::string* etag = response.Find("etag");
      if (response.status != 200 || etag == nullptr) return AnswerError(response, what);
      return *etag;
    };
    ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> etags,
                          SendParts(bytes, part_bytes, read, send, &gate_));
    std::string list = "<CompleteMultipartUpload>";
    for (size_t i = 0; i < etags.size(); ++i) {
      list += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" +
              XmlEscape(etags[i]) + "</ETag></Part>";
    }
    list += "</CompleteMultipartUpload>";
    ARROW_ASSIGN_OR_RAISE(const Response done,
                          Send({"POST", UrlOf(key) + '?' + upload, {}, {}, list}, what));
    if (done.status == 200 && XmlElements(done.body, "Error").empty()) return Status::OK();
    if (done.status == 404) {  // told twice, because the first answer was lost
      ARROW_ASSIGN_OR_RAISE(const auto info, Head(key));
      if (info && info->bytes == bytes) return Status::OK();
    }
    return AnswerError(done, what);
  }

  const Place place_;
  Exchange exchange_;
  Gate gate_{kPartsAtOnce};
};

std::string Environment(std::initializer_list<const char*> names, const char* fallback) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return fallback;
}

Status CheckTls(const std::string& url, const StorageEntry& entry) {
  if (url.rfind("http://", 0) != 0 || entry.allow_http) return Status::OK();
  return MakeError(ErrorCode::kBadValue, "the endpoint " + url + " has no TLS",
                   "write https://, or `allow_http: true` for a server of your own");
}

}  // namespace

Result<std::shared_ptr<ObjectClient>> MakeS3Client(const StoreUrl& url, const StorageEntry& given,
                                                   const std::atomic<bool>* cancelled) {
  StorageEntry entry = given;
  const bool google = url.kind == StoreKind::kGcs;
  if (entry.endpoint.empty() && !google) {
    entry.endpoint = Environment({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}, "");
    entry.allow_http |= !entry.endpoint.empty();  // whoever sets it there means it
  }
  ARROW_RETURN_NOT_OK(CheckTls(entry.endpoint, entry));
  while (!entry.endpoint.empty() && entry.endpoint.back() == '/') entry.endpoint.pop_back();
  Place place;
  place.scheme = google ? "gs" : "s3";
  place.bucket = url.bucket;
  place.region = !entry.region.empty() ? entry.region
                 : google              ? "auto"
                          : Environment({"AWS_REGION", "AWS_DEFAULT_REGION"}, "us-east-1");
  if (google) {
    place.dialect = GoogleDialect();
    place.if_absent = {"x-goog-if-generation-match", "0"};
  }
  // A bucket with a dot in its name has no certificate as a host.
  const bool as_host =
      entry.endpoint.empty() && !google && url.bucket.find('.') == std::string::npos;
  place.server = !entry.endpoint.empty() ? entry.endpoint
                 : google                ? "https://storage.googleapis.com"
                                         : "https://s3." + place.region + ".amazonaws.com";
  place.base = as_host ? "https://" + url.bucket + ".s3." + place.region + ".amazonaws.com"
                       : place.server + '/' + http::PercentEncode(url.bucket);
  Sign sign;
  if (google && entry.bearer_token) {
    sign = [token = entry.bearer_token](Request* request) -> Status {
      ARROW_ASSIGN_OR_RAISE(const std::string text, token());
      request->headers.emplace_back("Authorization", "Bearer " + text);
      return Status::OK();
    };
  } else if (google && !entry.access_key_id && !entry.anonymous) {
    ARROW_ASSIGN_OR_RAISE(TokenPlan plan, GoogleTokenPlan(ProcessVariable));
    ARROW_ASSIGN_OR_RAISE(auto tokens, MakeDefaultTokens(std::move(plan), cancelled));
    sign = [tokens](Request* request) { return tokens->Apply(request).status(); };
  } else if (!entry.anonymous) {
    sign = [keys = KeysOf(entry), region = place.region,
            dialect = place.dialect](Request* request) -> Status {
      ARROW_ASSIGN_OR_RAISE(const KeyPair pair, keys());
      return SignV4(pair, region, dialect, std::time(nullptr), request);
    };
  }
  return std::make_shared<S3Client>(std::move(place), entry, cancelled, std::move(sign));
}

}  // namespace millrace::io
