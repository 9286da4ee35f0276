// How a request proves who sends it. What is secret comes from a Secret, asked for at the moment of
// use, and every form in which it goes out is registered, so that Redact masks it.
//
// Thread-safety: an Authenticator may be used from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/http/clock.h"
#include "io/http/transport.h"

namespace millrace::io::http {

class Client;

/// Gives a secret's value. May be called often and from any thread.
using Secret = std::function<Result<std::string>()>;

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Adds to `request` what authenticates it and says which edition of it that was.
  virtual Result<int64_t> Apply(Request* request) = 0;
  /// Called when a request with that edition was answered with 401. True when there is a newer one
  /// now, so that another attempt makes sense.
  virtual Result<bool> Renew(int64_t edition) { return false; }
  /// A URL as it may be kept: without what Apply puts into it.
  virtual std::string WithoutSecrets(const std::string& url) const { return url; }
};

/// Authorization: Bearer TOKEN.
std::shared_ptr<Authenticator> MakeBearerAuth(Secret token);
/// The key as a header of that name, sent to no other host.
std::shared_ptr<Authenticator> MakeApiKeyHeaderAuth(std::string header, Secret key);
/// The key as a parameter of the query.
std::shared_ptr<Authenticator> MakeApiKeyQueryAuth(std::string parameter, Secret key);
/// Authorization: Basic, in UTF-8. A user name with a colon in it is refused.
std::shared_ptr<Authenticator> MakeBasicAuth(Secret user, Secret password);

/// A bearer token that `ask` describes the request of: fetched when the first request needs it,
/// shared by all, and fetched anew 30 s before it expires and when it is refused; the one fetch
/// serves all who wait. The answer is that of OAuth 2.0: `access_token`, `expires_in`. `client`
/// makes the token requests and must have no auth of its own.
std::shared_ptr<Authenticator> MakeTokenAuth(std::function<Result<Request>()> ask,
                                             std::shared_ptr<Client> client,
                                             std::shared_ptr<Clock> clock);

struct OAuth2Options {
  std::string token_url;
  Secret client_id, client_secret;
  std::string scope;                                             // may be empty
  std::vector<std::pair<std::string, std::string>> more_fields;  // `audience` and the like
  bool in_header = false;  // the client's id and secret as Basic auth instead of form fields
};
/// OAuth 2.0 client credentials (RFC 6749, section 4.4), as MakeTokenAuth has it.
std::shared_ptr<Authenticator> MakeOAuth2Auth(OAuth2Options options, std::shared_ptr<Client> client,
                                              std::shared_ptr<Clock> clock);

}  // namespace millrace::io::http
