// What authenticates a request to S3 (signature version 4), to Google Cloud Storage with HMAC keys
// (the same algorithm in other words), and to Azure Blob Storage (shared key).
//
// Thread-safety: pure functions.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "io/http/transport.h"

namespace millrace::io {

std::string Base64(std::string_view bytes);
/// 32 raw bytes.
std::string HmacSha256(std::string_view key, std::string_view text);

struct KeyPair {
  std::string id, secret, session_token;  // the token only where there is one
};

/// The words in which services of the S3 family differ.
struct SigningDialect {
  std::string algorithm = "AWS4-HMAC-SHA256";
  std::string key_prefix = "AWS4";
  std::string terminator = "aws4_request";
  std::string service = "s3";
  std::string header_prefix = "x-amz-";
};
SigningDialect GoogleDialect();

/// Adds date, content hash and Authorization to `request`, whose URL and body are final. Signed are
/// the host and every header that begins with the dialect's prefix.
Status SignV4(const KeyPair& keys, const std::string& region, const SigningDialect& dialect,
              std::time_t now, http::Request* request);

/// `account_key` is in base64, as Azure shows it. Adds x-ms-date and Authorization.
Status SignAzure(const std::string& account, const std::string& account_key, std::time_t now,
                 http::Request* request);

}  // namespace millrace::io
