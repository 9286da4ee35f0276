// Bearer tokens by the default chains of Azure and Google Cloud: what a program finds in its
// surroundings when a config names no credentials.
//
//   Azure   a service principal (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET), a workload
//           identity (AZURE_FEDERATED_TOKEN_FILE instead of the secret), the managed identity of an
//           app (IDENTITY_ENDPOINT, IDENTITY_HEADER) or of the machine
//   Google  a file of GOOGLE_APPLICATION_CREDENTIALS or of gcloud that holds a user's refresh
//   token,
//           the service account of the machine
//
// Thread-safety: a plan may be asked from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "io/http/auth.h"

namespace millrace::io {

/// A variable of the environment, or "".
using Variable = std::function<std::string(const char* name)>;

/// Where a token is to be had.
struct TokenPlan {
  std::string from;  // for messages
  std::function<Result<http::Request>()> ask;
};

TokenPlan AzureTokenPlan(const Variable& variable);
/// PermissionDenied for a file of credentials of a kind that is not read.
Result<TokenPlan> GoogleTokenPlan(const Variable& variable);

/// Signs requests with the plan's token, which is fetched when the first one needs it.
/// PermissionDenied where there is none.
std::shared_ptr<http::Authenticator> MakeDefaultTokens(TokenPlan plan,
                                                       std::shared_ptr<http::Client> client,
                                                       std::shared_ptr<http::Clock> clock);
/// Likewise, over the network.
Result<std::shared_ptr<http::Authenticator>> MakeDefaultTokens(TokenPlan plan,
                                                               const std::atomic<bool>* cancelled);

/// The process' own environment.
std::string ProcessVariable(const char* name);

}  // namespace millrace::io
