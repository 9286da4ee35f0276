#include "io/object/signature.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/sha256.h"
#include "io/http/url.h"

namespace millrace::io {
namespace {

std::string FromHex(const std::string& hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// "" when it is not base64.
std::string FromBase64(std::string_view text) {
  std::string out;
  uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const size_t value = kBase64.find(c);
    if (value == std::string_view::npos) return "";
    group = group << 6 | static_cast<uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 255);
    }
  }
  return out;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::string FormatTime(std::time_t now, const char* format) {
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, format, &parts);
  return text;
}

std::string HostHeader(const http::Url& url) {
  const std::string origin = url.Origin();
  return origin.substr(origin.find("://") + 3);
}

// "a=1", "b" as sorted pairs of what is encoded already.
std::vector<std::pair<std::string, std::string>> QueryPairs(const std::string& query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (size_t at = 0; at < query.size();) {
    const size_t end = std::min(query.find('&', at), query.size());
    const std::string pair = query.substr(at, end - at);
    const size_t equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(pair.substr(0, equals),
                       equals < pair.size() ? pair.substr(equals + 1) : std::string());
    at = end + 1;
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::string Decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += FromHex(Lower(text.substr(i + 1, 2)));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string Base64(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : kBase64[group >> (18 - 6 * j) & 63];
    }
  }
  return out;
}

std::string HmacSha256(std::string_view key, std::string_view text) {
  constexpr size_t kBlockBytes = 64;
  std::string block = key.size() > kBlockBytes ? FromHex(Sha256Hex(key)) : std::string(key);
  block.resize(kBlockBytes, '\0');
  std::string inner = block, outer = block;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  Sha256 hash;
  hash.Update(inner);
  hash.Update(text);
  return FromHex(Sha256Hex(outer + FromHex(hash.FinishHex())));
}

SigningDialect GoogleDialect() {
  return {"GOOG4-HMAC-SHA256", "GOOG4", "goog4_request", "storage", "x-goog-"};
}

Status SignV4(const KeyPair& keys, const std::string& region, const SigningDialect& dialect,
              std::time_t now, http::Request* request) {
  ARROW_ASSIGN_OR_RAISE(const http::Url url, http::ParseUrl(request->url));
  const std::string time = FormatTime(now, "%Y%m%dT%H%M%SZ"), day = time.substr(0, 8);
  const std::string body_hash = Sha256Hex(request->body);
  request->headers.emplace_back(dialect.header_prefix + "date", time);
  request->headers.emplace_back(dialect.header_prefix + "content-sha256", body_hash);
  if (!keys.session_token.empty()) {
    request->headers.emplace_back(dialect.header_prefix + "security-token", keys.session_token);
  }
  std::map<std::string, std::string> headers = {{"host", HostHeader(url)}};
  for (const auto& [name, value] : request->headers) {
    const std::string lower = Lower(name);
    if (lower.rfind(dialect.header_prefix, 0) == 0) headers[lower] = value;
  }
  std::string query, header_lines, names;
  for (const auto& [name, value] : QueryPairs(url.query)) {
    query += (query.empty() ? "" : "&") + name + '=' + value;
  }
  for (const auto& [name, value] : headers) {
    header_lines += name + ':' + value + '\n';
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request->method + '\n' + url.path + '\n' + query + '\n' +
                                header_lines + '\n' + names + '\n' + body_hash;
  const std::string scope = day + '/' + region + '/' + dialect.service + '/' + dialect.terminator;
  const std::string text =
      dialect.algorithm + '\n' + time + '\n' + scope + '\n' + Sha256Hex(canonical);
  std::string key = HmacSha256(dialect.key_prefix + keys.secret, day);
  for (const std::string& part : {region, dialect.service, dialect.terminator}) {
    key = HmacSha256(key, part);
  }
  request->headers.emplace_back("Authorization", dialect.algorithm + " Credential=" + keys.id +
                                                     '/' + scope + ", SignedHeaders=" + names +
                                                     ", Signature=" + ToHex(HmacSha256(key, text)));
  return Status::OK();
}

Status SignAzure(const std::string& account, const std::string& account_key, std::time_t now,
                 http::Request* request) {
  const std::string key = FromBase64(account_key);
  if (key.empty()) {
    return MakeError(ErrorCode::kBadValue, "the account key of `" + account + "` is not base64",
                     "it is the key as the provider shows it, with its == at the end");
  }
  ARROW_ASSIGN_OR_RAISE(const http::Url url, http::ParseUrl(request->url));
  request->headers.emplace_back("x-ms-date", FormatTime(now, "%a, %d %b %Y %H:%M:%S GMT"));
  std::map<std::string, std::string> all, own;
  for (const auto& [name, value] : request->headers) {
    const std::string lower = Lower(name);
    all[lower] = value;
    if (lower.rfind("x-ms-", 0) == 0) own[lower] = value;
  }
  const std::string length = request->body.empty() ? "" : std::to_string(request->body.size());
  std::string text = request->method + "\n\n\n" + length + "\n\n" + all["content-type"] + "\n\n" +
                     all["if-modified-since"] + '\n' + all["if-match"] + '\n' +
                     all["if-none-match"] + "\n\n" + all["range"] + '\n';
  for (const auto& [name, value] : own) text += name + ':' + value + '\n';
  text += '/' + account + url.path;
  for (const auto& [name, value] : QueryPairs(url.query)) {
    text += '\n' + Lower(Decoded(name)) + ':' + Decoded(value);
  }
  request->headers.emplace_back("Authorization",
                                "SharedKey " + account + ':' + Base64(HmacSha256(key, text)));
  return Status::OK();
}

}  // namespace millrace::io
