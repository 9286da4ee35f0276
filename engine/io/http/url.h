// URLs of http and https: parsed, resolved, compared, and made fit to be shown.
//
// Thread-safety: pure functions of values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace millrace::io::http {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address without its brackets
  int port = 0;        // always set
  std::string path;    // begins with '/'; what must be percent-encoded is
  std::string query;   // without its '?'
  std::string ToString() const;
  /// "https://host:8080", the port only where it is not the scheme's own.
  std::string Origin() const;
};

/// User error when it is not an absolute http(s) URL, or names a user: credentials do not belong
/// into a URL. A fragment is dropped.
Result<Url> ParseUrl(std::string_view text);
/// `reference`, absolute or relative, as seen from `base` (RFC 3986, section 5).
Result<Url> ResolveUrl(const Url& base, std::string_view reference);

/// Whether what authenticates at `from` may be sent to `to`: the same host, scheme and port, or the
/// same host's change from http to https on the usual ports.
bool MayCarryCredentials(const Url& from, const Url& to);

/// Everything but letters, digits and "-._~" as %XX.
std::string PercentEncode(std::string_view text);
/// A query of the pairs, encoded, in their order.
std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& pairs);
/// `url` with the pairs behind what its query holds; a name that is there already is replaced.
Url WithQuery(Url url, const std::vector<std::pair<std::string, std::string>>& pairs);
/// `url` without what its query says of that name.
Url WithoutQuery(Url url, const std::string& name);

/// For logs and messages: values of query parameters whose names speak of secrets are masked, and
/// so is every registered secret. Takes anything, URL or not.
std::string RedactUrl(std::string_view url);

}  // namespace millrace::io::http
