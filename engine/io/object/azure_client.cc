#include "io/object/azure_client.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "io/http/url.h"
#include "io/object/answer_error.h"
#include "io/object/default_tokens.h"
#include "io/object/exchange.h"
#include "io/object/parts.h"
#include "io/object/signature.h"
#include "io/object/xml_text.h"

namespace millrace::io {
namespace {

using http::Request;
using http::Response;

constexpr char kVersion[] = "2021-08-06";
constexpr int64_t kBlockBytes = 8 << 20;
constexpr int64_t kBlocksMax = 50'000;
constexpr int kBlocksAtOnce = 3;

class AzureClient : public ObjectClient {
 public:
  AzureClient(std::string name, std::string base, const StorageEntry& entry,
              const std::atomic<bool>* cancelled, Sign sign)
      : name_(std::move(name)),
        base_(std::move(base)),
        exchange_(entry, cancelled, /*redirects_max=*/0, std::move(sign)) {}

  std::string Describe() const override { return name_; }
  std::string Server() const override { return base_; }

  Result<std::optional<ObjectInfo>> Head(const std::string& key) override {
    const std::string what = "looking at " + NameOf(key);
    ARROW_ASSIGN_OR_RAISE(const Response response, Send(To("HEAD", key), what));
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) return AnswerError(response, what);
    return InfoOf(key, response);
  }

  Result<std::vector<ObjectInfo>> List(const std::string& prefix) override {
    const std::string what = "listing " + NameOf(prefix);
    std::vector<ObjectInfo> files;
    for (std::string marker;;) {
      std::vector<std::pair<std::string, std::string>> query = {
          {"comp", "list"}, {"prefix", prefix}, {"restype", "container"}};
      if (!marker.empty()) query.emplace_back("marker", marker);
      Request request = To("GET", "");
      request.url = base_ + '?' + http::EncodeQuery(query);
      ARROW_ASSIGN_OR_RAISE(const Response response, Send(request, what));
      if (response.status != 200) return AnswerError(response, what);
      for (const std::string_view blob : XmlElements(response.body, "Blob")) {
        ObjectInfo info;
        info.key = XmlText(blob, "Name");
        const std::string size = XmlText(blob, "Content-Length");
        info.bytes = ParseLength(&size);
        info.mtime_ns = ParseTime(XmlText(blob, "Last-Modified"));
        info.etag = Unquoted(XmlText(blob, "Etag"));
        if (info.bytes >= 0) files.push_back(std::move(info));
      }
      std::string next = XmlText(response.body, "NextMarker");
      if (next.empty()) return files;
      if (next == marker) return MakeError(ErrorCode::kIoFailed, what + ": it does not go on");
      marker = std::move(next);
    }
  }

  Result<std::string> GetRange(const ObjectInfo& info, int64_t offset, int64_t bytes) override {
    const std::string what = "reading " + NameOf(info.key);
    Request request = To("GET", info.key);
    request.headers.emplace_back(
        "x-ms-range", "bytes=" + std::to_string(offset) + '-' + std::to_string(offset + bytes - 1));
    if (!info.etag.empty()) request.headers.emplace_back("If-Match", '"' + info.etag + '"');
    std::string body;
    ARROW_ASSIGN_OR_RAISE(const Response response, Fetch(request, bytes, what, &body));
    if (response.status == 412 || response.status == 404) {
      return MakeError(ErrorCode::kFileChanged, NameOf(info.key) + " changed while it was read",
                       "run again when nothing writes to it");
    }
    if (response.status != 206 && response.status != 200) return AnswerError(response, what);
    if (static_cast<int64_t>(body.size()) == bytes) return body;
    return MakeError(ErrorCode::kIoFailed, what + ": a range came back with another length");
  }

  Result<std::string> GetSmall(const std::string& key, int64_t bytes_max) override {
    const std::string what = "reading " + NameOf(key);
    Request request = To("GET", key);
    request.headers.emplace_back("x-ms-range", "bytes=0-" + std::to_string(bytes_max));
    std::string body;
    ARROW_ASSIGN_OR_RAISE(const Response response, Fetch(request, 0, what, &body));
    if (response.status == 416) return std::string();  // of an empty blob there is no range
    if (response.status != 206 && response.status != 200) return AnswerError(response, what);
    if (static_cast<int64_t>(body.size()) <= bytes_max) return body;
    return MakeError(ErrorCode::kIoFailed,
                     NameOf(key) + " is larger than " + std::to_string(bytes_max) + " bytes");
  }

  Status Put(const std::string& key, std::string_view bytes) override {
    const std::string what = "writing " + NameOf(key);
    ARROW_ASSIGN_OR_RAISE(const Response response, Send(PutBlob(key, bytes), what));
    return response.status == 201 ? Status::OK() : AnswerError(response, what);
  }

  Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) override {
    const std::string what = "writing " + NameOf(key);
    Request request = PutBlob(key, bytes);
    request.headers.emplace_back("If-None-Match", "*");
    int attempts = 0;
    ARROW_ASSIGN_OR_RAISE(const Response response, Send(request, what, &attempts));
    if (response.status == 201) return PutResult::kCreated;
    const bool there = response.status == 412 ||
                       (response.status == 409 && CodeOfAnswer(response) == "BlobAlreadyExists");
    if (there && attempts > 1) {  // the answer to an earlier attempt may have been lost
      const Result<std::string> now = GetSmall(key, static_cast<int64_t>(bytes.size()));
      if (now.ok() && *now == bytes) return PutResult::kCreated;
    }
    if (there) return PutResult::kExists;
    return AnswerError(response, what);
  }

  Status PutLarge(const std::string& key, int64_t bytes, const PieceReader& read) override {
    if (bytes <= kBlockBytes) {
      ARROW_ASSIGN_OR_RAISE(const std::string whole, read(0, bytes));
      return Put(key, whole);
    }
    const std::string what = "writing " + NameOf(key);
    const int64_t block_bytes = std::max(kBlockBytes, (bytes + kBlocksMax - 1) / kBlocksMax);
    // Blocks that no list names vanish by themselves after a week.
    const SendPart send = [&](int64_t number, std::string body) -> Result<std::string> {
      std::string digits = std::to_string(number);
      digits.insert(0, 9 - digits.size(), '0');  // 9 bytes: base64 without padding
      const std::string id = Base64(digits);
      Request request = To("PUT", key);
      request.url += "?blockid=" + http::PercentEncode(id) + "&comp=block";
      request.body = std::move(body);
      ARROW_ASSIGN_OR_RAISE(const Response response, Send(request, what));
      if (response.status != 201) return AnswerError(response, what);
      return id;
    };
    ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> ids,
                          SendParts(bytes, block_bytes, read, send, &gate_));
    Request request = To("PUT", key);
    request.url += "?comp=blocklist";
    request.body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
    for (const std::string& id : ids) request.body += "<Latest>" + id + "</Latest>";
    request.body += "</BlockList>";
    ARROW_ASSIGN_OR_RAISE(const Response response, Send(request, what));
    return response.status == 201 ? Status::OK() : AnswerError(response, what);
  }

  // A copy on the server's side may go on after its answer; bytes sent anew are there when told so.
  Status Copy(ObjectClient&, const std::string&, const std::string&) override {
    return MakeError(ErrorCode::kIoFailed, "copies are sent anew");
  }

  Status Delete(const std::string& key) override {
    const std::string what = "removing " + NameOf(key);
    ARROW_ASSIGN_OR_RAISE(const Response response, Send(To("DELETE", key), what));
    return response.status == 202 || response.status == 404 ? Status::OK()
                                                            : AnswerError(response, what);
  }

 private:
  std::string NameOf(const std::string& key) const { return name_ + '/' + key; }
  Request To(const std::string& method, const std::string& key) const {
    return {method, base_ + EncodedKey(key), {{"x-ms-version", kVersion}}, {}, {}};
  }
  Request PutBlob(const std::string& key, std::string_view bytes) const {
    Request request = To("PUT", key);
    request.headers.emplace_back("x-ms-blob-type", "BlockBlob");
    request.body = std::string(bytes);
    return request;
  }
  static std::string CodeOfAnswer(const Response& response) {
    const std::string* code = response.Find("x-ms-error-code");
    return code != nullptr ? *code : XmlText(response.body, "Code");
  }
  Result<Response> Send(const Request& request, const std::string& what, int* attempts = nullptr) {
    Result<Response> response = exchange_.Send(request, attempts);
    return response.ok() ? response : NoAnswer(response.status(), what);
  }
  Result<Response> Fetch(const Request& request, int64_t bytes, const std::string& what,
                         std::string* body) {
    Result<Response> response = exchange_.Fetch(request, bytes, body);
    return response.ok() ? response : NoAnswer(response.status(), what);
  }

  const std::string name_, base_;
  Exchange exchange_;
  Gate gate_{kBlocksAtOnce};
};

Secret FromEnvironment(const char* name) {
  return [name]() -> Result<std::string> {
    std::string value = ProcessVariable(name);
    RegisterSecret(value);
    return value;
  };
}

}  // namespace

Result<std::shared_ptr<ObjectClient>> MakeAzureClient(const StoreUrl& url,
                                                      const StorageEntry& given,
                                                      const std::atomic<bool>* cancelled) {
  StorageEntry entry = given;
  std::string account = !url.account.empty() ? url.account : entry.account;
  if (account.empty()) account = ProcessVariable("AZURE_STORAGE_ACCOUNT");
  if (account.empty()) {
    return MakeError(ErrorCode::kBadValue, "no storage account is given for " + url.bucket,
                     "write abfs://container@account.dfs.core.windows.net/..., or `account` in "
                     "the `storage` entry");
  }
  if (entry.endpoint.rfind("http://", 0) == 0 && !entry.allow_http) {
    return MakeError(ErrorCode::kBadValue, "the endpoint " + entry.endpoint + " has no TLS",
                     "write https://, or `allow_http: true` for a server of your own");
  }
  while (!entry.endpoint.empty() && entry.endpoint.back() == '/') entry.endpoint.pop_back();
  const std::string server =
      entry.endpoint.empty() ? "https://" + account + ".blob.core.windows.net" : entry.endpoint;
  if (!entry.account_key && !entry.sas_token && !entry.anonymous) {
    if (!ProcessVariable("AZURE_STORAGE_KEY").empty()) {
      entry.account_key = FromEnvironment("AZURE_STORAGE_KEY");
    } else if (!ProcessVariable("AZURE_STORAGE_SAS_TOKEN").empty()) {
      entry.sas_token = FromEnvironment("AZURE_STORAGE_SAS_TOKEN");
    }
  }
  Sign sign;
  if (entry.account_key) {
    sign = [account, key = entry.account_key](Request* request) -> Status {
      ARROW_ASSIGN_OR_RAISE(const std::string text, key());
      return SignAzure(account, text, std::time(nullptr), request);
    };
  } else if (entry.sas_token) {
    sign = [token = entry.sas_token](Request* request) -> Status {
      ARROW_ASSIGN_OR_RAISE(std::string text, token());
      if (!text.empty() && text[0] == '?') text.erase(0, 1);
      request->url += (request->url.find('?') == std::string::npos ? '?' : '&') + text;
      return Status::OK();
    };
  } else if (!entry.anonymous) {
    ARROW_ASSIGN_OR_RAISE(auto tokens,
                          MakeDefaultTokens(AzureTokenPlan(ProcessVariable), cancelled));
    sign = [tokens](Request* request) { return tokens->Apply(request).status(); };
  }
  return std::make_shared<AzureClient>(
      url.scheme + "://" + url.bucket + '@' + account + ".dfs.core.windows.net",
      server + '/' + http::PercentEncode(url.bucket), entry, cancelled, std::move(sign));
}

}  // namespace millrace::io
