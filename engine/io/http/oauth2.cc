#include <arrow/util/base64.h>

#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "io/http/auth.h"
#include "io/http/client.h"
#include "io/http/url.h"

namespace millrace::io::http {
namespace {

constexpr std::chrono::seconds kRenewedBefore(30);

struct Token {
  std::string value;
  int64_t edition = 0;  // 0: there is none yet
  bool expires = false;
  Clock::Monotonic renewed_at;
};

// How long a token lives; 0 where it is not told. Azure's identities tell it as a text.
double SecondsIn(const nlohmann::json& told) {
  const auto seconds = told.find("expires_in");
  if (seconds == told.end()) return 0;
  if (seconds->is_number()) return seconds->get<double>();
  return seconds->is_string() ? std::atof(seconds->get_ref<const std::string&>().c_str()) : 0;
}

Result<Token> ReadToken(const std::string& body, Clock::Monotonic asked_at) {
  const nlohmann::json told = nlohmann::json::parse(body, nullptr, false);
  const auto bad = [](const std::string& why) {
    return RequestFailed(false, "the token endpoint's answer " + why);
  };
  if (!told.is_object()) return bad("is not a JSON object");
  const auto value = told.find("access_token");
  if (value == told.end() || !value->is_string() || value->get<std::string>().empty()) {
    return bad("has no `access_token`");
  }
  const auto type = told.find("token_type");
  if (type != told.end() && type->is_string()) {
    const auto text = type->get<std::string>();
    if (text != "Bearer" && text != "bearer") {
      return bad("is a token of the type `" + text + "`, and only Bearer is spoken");
    }
  }
  Token token;
  token.value = value->get<std::string>();
  const double seconds = SecondsIn(told);
  if (seconds > 0) {
    constexpr double kSecondsMax = 1e8;
    const auto life = std::chrono::duration_cast<Clock::Monotonic::duration>(
        std::chrono::duration<double>(std::min(seconds, kSecondsMax)));
    token.expires = true;
    // Half of its life where that is shorter: a token must be usable at all.
    token.renewed_at =
        asked_at + std::max(life / 2, life - Clock::Monotonic::duration(kRenewedBefore));
  }
  return token;
}

using Ask = std::function<Result<Request>()>;

class TokenAuth : public Authenticator {
 public:
  TokenAuth(Ask ask, std::shared_ptr<Client> client, std::shared_ptr<Clock> clock)
      : ask_(std::move(ask)), client_(std::move(client)), clock_(std::move(clock)) {}

  Result<int64_t> Apply(Request* request) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (token_.edition == 0 || (token_.expires && clock_->Now() >= token_.renewed_at)) {
      ARROW_RETURN_NOT_OK(Fetch());
    }
    request->credentials.emplace_back("Authorization", "Bearer " + token_.value);
    return token_.edition;
  }

  Result<bool> Renew(int64_t edition) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (token_.edition == edition) ARROW_RETURN_NOT_OK(Fetch());
    return true;
  }

 private:
  /// Holds the lock while it asks: whoever else needs a token waits for this one.
  Status Fetch() {
    ARROW_ASSIGN_OR_RAISE(const Request request, ask_());
    const Clock::Monotonic asked_at = clock_->Now();
    SendOptions sending;
    sending.idempotent = true;  // a token more does no harm
    const Result<Answer> answer = client_->Send(request, sending);
    if (!answer.ok()) return WithContext(answer.status(), "fetching an OAuth 2.0 token");
    ARROW_ASSIGN_OR_RAISE(Token token, ReadToken(answer->response.body, asked_at));
    RegisterSecret(token.value);
    token.edition = token_.edition + 1;
    token_ = std::move(token);
    return Status::OK();
  }

  const Ask ask_;
  std::shared_ptr<Client> client_;
  std::shared_ptr<Clock> clock_;
  std::mutex mutex_;
  Token token_;
};

Result<Request> ClientCredentials(const OAuth2Options& options) {
  ARROW_ASSIGN_OR_RAISE(const std::string id, options.client_id());
  ARROW_ASSIGN_OR_RAISE(const std::string secret, options.client_secret());
  RegisterSecret(secret);
  RegisterSecret(PercentEncode(secret));
  Request request;
  request.method = "POST";
  request.url = options.token_url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  std::vector<std::pair<std::string, std::string>> fields = {{"grant_type", "client_credentials"}};
  if (!options.scope.empty()) fields.emplace_back("scope", options.scope);
  fields.insert(fields.end(), options.more_fields.begin(), options.more_fields.end());
  if (options.in_header) {
    const std::string both =
        arrow::util::base64_encode(PercentEncode(id) + ":" + PercentEncode(secret));
    RegisterSecret(both);
    request.credentials.emplace_back("Authorization", "Basic " + both);
  } else {
    fields.emplace_back("client_id", id);
    fields.emplace_back("client_secret", secret);
  }
  request.body = EncodeQuery(fields);
  return request;
}

}  // namespace

std::shared_ptr<Authenticator> MakeTokenAuth(Ask ask, std::shared_ptr<Client> client,
                                             std::shared_ptr<Clock> clock) {
  return std::make_shared<TokenAuth>(std::move(ask), std::move(client), std::move(clock));
}

std::shared_ptr<Authenticator> MakeOAuth2Auth(OAuth2Options options, std::shared_ptr<Client> client,
                                              std::shared_ptr<Clock> clock) {
  const auto ask = [options = std::move(options)] { return ClientCredentials(options); };
  return MakeTokenAuth(ask, std::move(client), std::move(clock));
}

}  // namespace millrace::io::http
