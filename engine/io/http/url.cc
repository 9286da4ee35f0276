#include "io/http/url.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/log.h"

namespace millrace::io::http {
namespace {

bool IsAlphaNumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

void AppendEncoded(char c, std::string* out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  *out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
}

/// Leaves what a path or query may hold, %XX included, and encodes the rest.
std::string EncodeUnsafe(std::string_view text) {
  constexpr std::string_view kAllowed = "-._~!$&'()*+,;=:@/?";
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool escape =
        c == '%' && at + 2 < text.size() && IsHex(text[at + 1]) && IsHex(text[at + 2]);
    if (IsAlphaNumeric(c) || escape || kAllowed.find(c) != std::string_view::npos) {
      out += c;
    } else {
      AppendEncoded(c, &out);
    }
  }
  return out;
}

int DefaultPort(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

Status BadUrl(std::string_view text, const std::string& why) {
  return MakeError(ErrorCode::kBadValue, "`" + RedactUrl(text) + "` is not a usable URL: " + why,
                   "write it as https://host/path");
}

Status ParseHost(std::string_view text, std::string_view host, Url* url) {
  if (!host.empty() && host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return BadUrl(text, "the host is malformed");
    host = host.substr(1, host.size() - 2);
    for (const char c : host) {
      if (!IsHex(c) && c != ':' && c != '.') return BadUrl(text, "the host is malformed");
    }
    url->host = Lower(host);
    return Status::OK();
  }
  if (host.empty() || host.size() > 253) return BadUrl(text, "there is no host");
  for (const char c : host) {
    if (!IsAlphaNumeric(c) && c != '-' && c != '.' && c != '_') {
      return BadUrl(text, "the host has characters that a host name cannot have");
    }
  }
  url->host = Lower(host);
  return Status::OK();
}

Status ParseAuthority(std::string_view text, std::string_view authority, Url* url) {
  if (authority.find('@') != std::string_view::npos) {
    return MakeError(ErrorCode::kSecretInClear,
                     "the URL of the host `" +
                         std::string(authority.substr(authority.rfind('@') + 1)) + "` names a user",
                     "take the user and the password out of the URL and use `auth`");
  }
  size_t end = authority.rfind(':');
  if (end != std::string_view::npos && authority.find(']', end) != std::string_view::npos) {
    end = std::string_view::npos;  // a colon of an IPv6 address
  }
  url->port = DefaultPort(url->scheme);
  if (end != std::string_view::npos) {
    const std::string_view digits = authority.substr(end + 1);
    int port = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9' || digits.size() > 5) return BadUrl(text, "the port is malformed");
      port = port * 10 + (c - '0');
    }
    if (!digits.empty()) {
      if (port < 1 || port > 65535) return BadUrl(text, "the port is not within 1 to 65535");
      url->port = port;
    }
    authority = authority.substr(0, end);
  }
  return ParseHost(text, authority, url);
}

/// "/a/./b/../c" becomes "/a/c".
std::string RemoveDotSegments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = false;  // whether the path ends with a slash
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view segment = path.substr(at + 1, end - at - 1);
    folder = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment != "." && !(segment.empty() && end == path.size())) {
      kept.push_back(segment);
    }
    at = end;
  }
  std::string out;
  for (const std::string_view segment : kept) out += "/" + std::string(segment);
  if (folder || out.empty()) out += '/';
  return out;
}

void SetPathAndQuery(std::string_view rest, Url* url) {
  rest = rest.substr(0, rest.find('#'));
  const size_t question = rest.find('?');
  std::string path = EncodeUnsafe(rest.substr(0, question));
  url->path = path.empty() ? "/" : RemoveDotSegments(path);
  url->query = question == std::string_view::npos ? "" : EncodeUnsafe(rest.substr(question + 1));
}

/// Parameter names that hold what must not be shown, compared without case and separators.
bool SpeaksOfSecret(std::string_view name) {
  std::string plain;
  for (const char c : Lower(name)) {
    if (IsAlphaNumeric(c)) plain += c;
  }
  constexpr std::array<std::string_view, 9> kParts = {"token",      "secret",        "password",
                                                      "passwd",     "apikey",        "signature",
                                                      "credential", "authorization", "accesskey"};
  constexpr std::array<std::string_view, 7> kWhole = {"key", "sig",  "auth", "pass",
                                                      "pwd", "code", "jwt"};
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return plain.find(part) != plain.npos; }) ||
         std::find(kWhole.begin(), kWhole.end(), plain) != kWhole.end();
}

}  // namespace

std::string Url::Origin() const {
  std::string out = scheme + "://";
  out += host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != DefaultPort(scheme)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::ToString() const { return Origin() + path + (query.empty() ? "" : "?" + query); }

Result<Url> ParseUrl(std::string_view text) {
  Url url;
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return BadUrl(text, "it has no scheme");
  url.scheme = Lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return BadUrl(text, "only http and https are spoken");
  }
  const std::string_view rest = text.substr(colon + 3);
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  ARROW_RETURN_NOT_OK(ParseAuthority(text, rest.substr(0, end), &url));
  SetPathAndQuery(rest.substr(end), &url);
  return url;
}

Result<Url> ResolveUrl(const Url& base, std::string_view reference) {
  const size_t colon = reference.find(':');
  const bool absolute =
      colon != std::string_view::npos && colon > 0 &&
      std::all_of(reference.begin(), reference.begin() + static_cast<ptrdiff_t>(colon),
                  [](char c) { return IsAlphaNumeric(c) || c == '+' || c == '-' || c == '.'; });
  if (absolute) return ParseUrl(reference);
  if (reference.substr(0, 2) == "//") return ParseUrl(base.scheme + ":" + std::string(reference));
  Url url = base;
  reference = reference.substr(0, reference.find('#'));
  if (reference.empty()) return url;
  if (reference.front() == '?') {
    url.query = EncodeUnsafe(reference.substr(1));
  } else if (reference.front() == '/') {
    SetPathAndQuery(reference, &url);
  } else {
    const std::string folder = base.path.substr(0, base.path.rfind('/') + 1);
    SetPathAndQuery(folder + std::string(reference), &url);
  }
  return url;
}

bool MayCarryCredentials(const Url& from, const Url& to) {
  if (from.host != to.host) return false;
  if (from.scheme == to.scheme && from.port == to.port) return true;
  return from.scheme == "http" && from.port == 80 && to.scheme == "https" && to.port == 443;
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (IsAlphaNumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      AppendEncoded(c, &out);
    }
  }
  return out;
}

std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += PercentEncode(name) + '=' + PercentEncode(value);
  }
  return out;
}

Url WithoutQuery(Url url, const std::string& name) {
  std::string kept;
  for (size_t at = 0; at < url.query.size();) {
    const size_t end = std::min(url.query.find('&', at), url.query.size());
    const std::string part = url.query.substr(at, end - at);
    const std::string own = part.substr(0, part.find('='));
    const bool dropped = part.empty() || own == name || own == PercentEncode(name);
    if (!dropped) kept += (kept.empty() ? "" : "&") + part;
    at = end + 1;
  }
  url.query = std::move(kept);
  return url;
}

Url WithQuery(Url url, const std::vector<std::pair<std::string, std::string>>& pairs) {
  for (const auto& pair : pairs) url = WithoutQuery(std::move(url), pair.first);
  const std::string added = EncodeQuery(pairs);
  if (!url.query.empty() && !added.empty()) url.query += '&';
  url.query += added;
  return url;
}

std::string RedactUrl(std::string_view url) {
  std::string out;
  size_t question = std::min(url.find('?'), url.size());
  std::string_view front = url.substr(0, question);
  const size_t scheme = front.find("://");
  if (scheme != std::string_view::npos) {
    const size_t slash = std::min(front.find('/', scheme + 3), front.size());
    const size_t at = front.substr(0, slash).rfind('@');
    if (at != std::string_view::npos && at > scheme) {
      out = std::string(front.substr(0, scheme + 3)) + "***";
      front = front.substr(at);
    }
  }
  out += front;
  for (size_t at = question; at < url.size();) {
    const size_t end = std::min(url.find_first_of("&#", at + 1), url.size());
    const std::string_view part = url.substr(at, end - at);  // with its '?', '&' or '#'
    const size_t equals = part.find('=');
    if (equals != std::string_view::npos && SpeaksOfSecret(part.substr(1, equals - 1))) {
      out += std::string(part.substr(0, equals + 1)) + "***";
    } else {
      out += part;
    }
    at = end;
  }
  return Redact(std::move(out));
}

}  // namespace millrace::io::http
