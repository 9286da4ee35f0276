#include "io/object/s3_credentials.h"

#include <arrow/filesystem/s3fs.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>

#include "base/log.h"

namespace millrace::io {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

KeyPair Known(KeyPair keys) {
  RegisterSecret(keys.secret);
  RegisterSecret(keys.session_token);
  return keys;
}

Result<std::string> Ask(const Secret& secret) { return secret ? secret() : std::string(); }

Result<KeyPair> Configured(const StorageEntry& entry) {
  KeyPair keys;
  ARROW_ASSIGN_OR_RAISE(keys.id, Ask(entry.access_key_id));
  ARROW_ASSIGN_OR_RAISE(keys.secret, Ask(entry.secret_access_key));
  ARROW_ASSIGN_OR_RAISE(keys.session_token, Ask(entry.session_token));
  return Known(std::move(keys));
}

// Arrow wants its S3 ended before the program is.
Status StartS3() {
  static const Status started = [] {
    Status status = arrow::fs::EnsureS3Initialized();
    if (status.ok()) std::atexit([] { (void)arrow::fs::EnsureS3Finalized().ok(); });
    return status;
  }();
  return started;
}

// The chain of the AWS SDK inside Arrow, which costs its start only where it is needed.
class DefaultChain {
 public:
  Result<KeyPair> Keys() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!options_) {
      ARROW_RETURN_NOT_OK(StartS3());
      options_ = arrow::fs::S3Options::Defaults();
    }
    KeyPair keys{options_->GetAccessKey(), options_->GetSecretKey(), options_->GetSessionToken()};
    if (!keys.id.empty()) return Known(std::move(keys));
    return MakeError(ErrorCode::kPermissionDenied, "no S3 credentials were found",
                     "give `access_key_id` and `secret_access_key` in the `storage` block, set "
                     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or say `anonymous: true`");
  }

 private:
  std::mutex mutex_;
  std::optional<arrow::fs::S3Options> options_;
};

}  // namespace

KeySource KeysOf(const StorageEntry& entry) {
  if (entry.access_key_id) return [entry] { return Configured(entry); };
  auto chain = std::make_shared<DefaultChain>();
  return [chain]() -> Result<KeyPair> {
    KeyPair keys{Environment("AWS_ACCESS_KEY_ID"), Environment("AWS_SECRET_ACCESS_KEY"),
                 Environment("AWS_SESSION_TOKEN")};
    if (!keys.id.empty() && !keys.secret.empty()) return Known(std::move(keys));
    return chain->Keys();
  };
}

}  // namespace millrace::io
