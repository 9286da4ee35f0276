// From the `auth` of a config to what authenticates requests.
#pragma once

#include <memory>

#include "io/http/client.h"
#include "pipeline/config/auth.h"
#include "pipeline/secrets/secret_resolver.h"

namespace millrace::pipeline {

/// What a source's requests are made with; the limiter and the clock are the run's.
struct HttpMeans {
  std::shared_ptr<io::http::Transport> transport;
  std::shared_ptr<io::http::RateLimiter> limiter;
  std::shared_ptr<io::http::Clock> clock;
  io::http::RetryOptions retry;
};

/// Null for kNone. Resolves nothing yet. A token of OAuth 2.0 is fetched with the same means.
std::shared_ptr<io::http::Authenticator> MakeAuth(const AuthConfig& auth,
                                                  const std::shared_ptr<SecretResolver>& secrets,
                                                  const HttpMeans& means);

}  // namespace millrace::pipeline
