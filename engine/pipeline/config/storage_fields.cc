#include "pipeline/config/storage_fields.h"

namespace millrace::pipeline {
namespace {

using T = FieldType;

ObjectSpec StorageVariant(const std::string& type, const std::string& doc,
                          std::vector<Field> more) {
  static const VariantFamily family = {
      "storage", "The kind of store.", {"s3", "azure", "gcs", "http"}};
  std::vector<Field> fields = {
      {.key = "url",
       .type = T::kText,
       .doc = "What it holds for: all URLs that begin with this, such as `s3://`, `s3://bucket` or "
              "`s3://bucket/folder`; of several the longest one counts.",
       .required = true},
      {.key = "allow_http",
       .type = T::kBool,
       .doc = "Allow connections without TLS.",
       .fallback = "false"},
      {.key = "retries",
       .type = T::kInteger,
       .doc = "How often a request is repeated that got no answer, or one of 429 and 5xx.",
       .fallback = "4",
       .min = 0,
       .max = 20},
      {.key = "ca_file",
       .type = T::kPath,
       .doc = "A PEM file of the authorities to trust, instead of the system's."},
  };
  fields.insert(fields.end(), more.begin(), more.end());
  return VariantSpec(family, type, doc, std::move(fields));
}

Field SecretField(const std::string& key, const std::string& doc) {
  return {.key = key, .type = T::kText, .doc = doc, .secret = true};
}

Field AnonymousField() {
  return {.key = "anonymous",
          .type = T::kBool,
          .doc = "Send no credentials: for what everybody may read.",
          .fallback = "false"};
}

Field EndpointField(const std::string& doc) {
  return {.key = "endpoint", .type = T::kText, .doc = doc};
}

}  // namespace

const ObjectSpec& StorageSpec() {
  static const auto* s3 = new ObjectSpec(StorageVariant(
      "s3", "Amazon S3, or a service that speaks its protocol.",
      {EndpointField("The service's URL, if it is not Amazon's."),
       {.key = "region",
        .type = T::kText,
        .doc = "The region; if absent AWS_REGION of the environment, else us-east-1."},
       SecretField("access_key_id",
                   "A reference to the access key's id; without it the "
                   "environment and the provider's default chain are asked."),
       SecretField("secret_access_key", "A reference to the secret key."),
       SecretField("session_token", "A reference to the token of temporary credentials."),
       AnonymousField()}));
  static const auto* azure = new ObjectSpec(StorageVariant(
      "azure", "Azure Blob Storage.",
      {EndpointField("The blob service's URL, with the account in it where the service wants it; "
                     "if absent `https://ACCOUNT.blob.core.windows.net`."),
       {.key = "account",
        .type = T::kText,
        .doc = "The storage account, where the URL does not name it."},
       SecretField("account_key",
                   "A reference to the account's key; without it AZURE_STORAGE_KEY "
                   "and AZURE_STORAGE_SAS_TOKEN of the environment are asked."),
       SecretField("sas_token", "A reference to a shared access signature."),
       AnonymousField()}));
  static const auto* gcs = new ObjectSpec(StorageVariant(
      "gcs", "Google Cloud Storage.",
      {EndpointField("The service's URL, if it is not Google's."),
       SecretField("access_key_id", "A reference to an HMAC key's id."),
       SecretField("secret_access_key", "A reference to the HMAC key's secret."),
       SecretField("bearer_token", "A reference to an OAuth access token."), AnonymousField()}));
  static const auto* http = new ObjectSpec(StorageVariant(
      "http", "Web servers, to be read from.",
      {SecretField("bearer_token", "A reference to a token to send with every request."),
       {.key = "allow_private_addresses",
        .type = T::kBool,
        .doc = "Allow servers in private networks and on this machine.",
        .fallback = "false"}}));
  static const auto* spec = new ObjectSpec{
      .name = "storage", .doc = "How a store is reached.", .variants = {s3, azure, gcs, http}};
  return *spec;
}

}  // namespace millrace::pipeline
