#include "io/http/auth.h"

#include <arrow/util/base64.h>

#include "base/log.h"
#include "io/http/url.h"

namespace millrace::io::http {
namespace {

constexpr int64_t kOnlyEdition = 0;

class BearerAuth : public Authenticator {
 public:
  explicit BearerAuth(Secret token) : token_(std::move(token)) {}
  Result<int64_t> Apply(Request* request) override {
    ARROW_ASSIGN_OR_RAISE(const std::string token, token_());
    RegisterSecret(token);
    request->credentials.emplace_back("Authorization", "Bearer " + token);
    return kOnlyEdition;
  }

 private:
  Secret token_;
};

class ApiKeyHeaderAuth : public Authenticator {
 public:
  ApiKeyHeaderAuth(std::string header, Secret key)
      : header_(std::move(header)), key_(std::move(key)) {}
  Result<int64_t> Apply(Request* request) override {
    ARROW_ASSIGN_OR_RAISE(const std::string key, key_());
    RegisterSecret(key);
    request->credentials.emplace_back(header_, key);
    return kOnlyEdition;
  }

 private:
  std::string header_;
  Secret key_;
};

class ApiKeyQueryAuth : public Authenticator {
 public:
  ApiKeyQueryAuth(std::string parameter, Secret key)
      : parameter_(std::move(parameter)), key_(std::move(key)) {}
  Result<int64_t> Apply(Request* request) override {
    ARROW_ASSIGN_OR_RAISE(const std::string key, key_());
    RegisterSecret(key);
    RegisterSecret(PercentEncode(key));
    ARROW_ASSIGN_OR_RAISE(Url url, ParseUrl(request->url));
    request->url = WithQuery(std::move(url), {{parameter_, key}}).ToString();
    return kOnlyEdition;
  }
  std::string WithoutSecrets(const std::string& url) const override {
    const Result<Url> parsed = ParseUrl(url);
    return parsed.ok() ? WithoutQuery(*parsed, parameter_).ToString() : url;
  }

 private:
  std::string parameter_;
  Secret key_;
};

class BasicAuth : public Authenticator {
 public:
  BasicAuth(Secret user, Secret password)
      : user_(std::move(user)), password_(std::move(password)) {}
  Result<int64_t> Apply(Request* request) override {
    ARROW_ASSIGN_OR_RAISE(const std::string user, user_());
    ARROW_ASSIGN_OR_RAISE(const std::string password, password_());
    if (user.find(':') != std::string::npos) {
      return MakeError(ErrorCode::kBadValue, "a user name of basic auth cannot have a colon in it");
    }
    RegisterSecret(password);
    const std::string both = arrow::util::base64_encode(user + ":" + password);
    RegisterSecret(both);
    request->credentials.emplace_back("Authorization", "Basic " + both);
    return kOnlyEdition;
  }

 private:
  Secret user_, password_;
};

}  // namespace

std::shared_ptr<Authenticator> MakeBearerAuth(Secret token) {
  return std::make_shared<BearerAuth>(std::move(token));
}

std::shared_ptr<Authenticator> MakeApiKeyHeaderAuth(std::string header, Secret key) {
  return std::make_shared<ApiKeyHeaderAuth>(std::move(header), std::move(key));
}

std::shared_ptr<Authenticator> MakeApiKeyQueryAuth(std::string parameter, Secret key) {
  return std::make_shared<ApiKeyQueryAuth>(std::move(parameter), std::move(key));
}

std::shared_ptr<Authenticator> MakeBasicAuth(Secret user, Secret password) {
  return std::make_shared<BasicAuth>(std::move(user), std::move(password));
}

}  // namespace millrace::io::http
