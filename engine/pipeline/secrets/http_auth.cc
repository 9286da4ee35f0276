#include "pipeline/secrets/http_auth.h"

namespace millrace::pipeline {
namespace {

std::shared_ptr<io::http::Authenticator> MakeOAuth2(const AuthConfig& auth,
                                                    const std::shared_ptr<SecretResolver>& secrets,
                                                    const HttpMeans& means) {
  io::http::ClientOptions how;
  how.home = auth.token_url;
  how.retry = means.retry;
  io::http::OAuth2Options options;
  options.token_url = auth.token_url;
  options.client_id = [id = auth.client_id]() -> Result<std::string> { return id; };
  options.client_secret = secrets->Later(auth.client_secret);
  options.scope = auth.scope;
  options.more_fields = auth.token_fields;
  options.in_header = auth.client_in_header;
  return io::http::MakeOAuth2Auth(std::move(options),
                                  std::make_shared<io::http::Client>(means.transport, means.limiter,
                                                                     means.clock, std::move(how)),
                                  means.clock);
}

}  // namespace

std::shared_ptr<io::http::Authenticator> MakeAuth(const AuthConfig& auth,
                                                  const std::shared_ptr<SecretResolver>& secrets,
                                                  const HttpMeans& means) {
  switch (auth.kind) {
    case AuthConfig::Kind::kNone:
      return nullptr;
    case AuthConfig::Kind::kBearer:
      return io::http::MakeBearerAuth(secrets->Later(auth.token));
    case AuthConfig::Kind::kApiKeyHeader:
      return io::http::MakeApiKeyHeaderAuth(auth.name, secrets->Later(auth.key));
    case AuthConfig::Kind::kApiKeyQuery:
      return io::http::MakeApiKeyQueryAuth(auth.name, secrets->Later(auth.key));
    case AuthConfig::Kind::kBasic: {
      io::http::Secret none = []() -> Result<std::string> { return ""; };
      return io::http::MakeBasicAuth(secrets->Later(auth.user),
                                     auth.password.empty() ? none : secrets->Later(auth.password));
    }
    case AuthConfig::Kind::kOAuth2:
      return MakeOAuth2(auth, secrets, means);
  }
  return nullptr;
}

}  // namespace millrace::pipeline
