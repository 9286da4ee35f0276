#include "pipeline/config/auth.h"

#include <algorithm>

#include "io/http/url.h"

namespace millrace::pipeline {
namespace {

using T = FieldType;

Field Reference(const std::string& key, const std::string& doc, bool required = true) {
  return {.key = key, .doc = doc, .required = required, .secret = true};
}

ObjectSpec Variant(const std::string& type, const std::string& doc, std::vector<Field> more) {
  static const VariantFamily family = {
      "auth", "How a request proves who sends it.", {"bearer", "api_key", "basic", "oauth2"}};
  return VariantSpec(family, type, doc, std::move(more));
}

const ObjectSpec& OAuth2Spec() {
  static const auto* spec = new ObjectSpec(Variant(
      "oauth2", "OAuth 2.0 with client credentials: a token is fetched and, when refused, renewed.",
      {{.key = "token_url", .doc = "Where tokens are given out.", .required = true},
       {.key = "client_id", .doc = "The client's id.", .required = true},
       Reference("client_secret", "The client's secret."),
       {.key = "scope", .doc = "The scopes asked for, with spaces between them."},
       {.key = "fields",
        .type = T::kNamedTexts,
        .doc = "Further fields of the token request, for example `audience`."},
       {.key = "client_in",
        .type = T::kChoice,
        .doc = "Where the token request has the client's id and secret: among its fields, or as "
               "basic auth.",
        .fallback = "form",
        .choices = {"form", "header"}}}));
  return *spec;
}

const ObjectSpec& AuthSpec() {
  static const auto* bearer = new ObjectSpec(
      Variant("bearer", "A token that does not change.", {Reference("token", "The token.")}));
  static const auto* api_key = new ObjectSpec(
      Variant("api_key", "A key in a header or in the query.",
              {Reference("key", "The key."),
               {.key = "in",
                .type = T::kChoice,
                .doc = "Where it goes.",
                .fallback = "header",
                .choices = {"header", "query"}},
               {.key = "name", .doc = "The name of the header or parameter.", .required = true}}));
  static const auto* basic = new ObjectSpec(
      Variant("basic", "A user and a password.",
              {Reference("user", "The user, who is a reference, too: some APIs take a key here."),
               Reference("password", "The password; none if absent.", false)}));
  static const auto* spec = new ObjectSpec{.name = "auth",
                                           .doc = "How a request proves who sends it.",
                                           .variants = {bearer, api_key, basic, &OAuth2Spec()}};
  return *spec;
}

bool IsHeaderName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

void CheckName(const ConfigValue& auth, bool is_header, ConfigProblems* problems) {
  const ConfigValue* name = auth.Find("name");
  if (name == nullptr) return;
  if (is_header ? IsHeaderName(name->text) : !name->text.empty()) return;
  problems->Add(
      ErrorCode::kBadValue, name->span,
      "`" + name->text + "` cannot be the name of a " + (is_header ? "header" : "parameter"),
      is_header ? "names of headers are letters, digits, -, _ and ." : "");
}

void BuildOAuth2(const ConfigValue& auth, AuthConfig* built, ConfigProblems* problems) {
  built->kind = AuthConfig::Kind::kOAuth2;
  built->client_id = auth.Text("client_id");
  built->client_secret = auth.Text("client_secret");
  built->scope = auth.Text("scope");
  built->client_in_header = auth.Text("client_in") == "header";
  if (const ConfigValue* fields = auth.Find("fields")) {
    for (const ConfigMember& field : fields->members) {
      built->token_fields.emplace_back(field.name, field.value.text);
    }
  }
  const ConfigValue* url = auth.Find("token_url");
  if (url == nullptr) return;
  built->token_url = url->text;
  const Result<io::http::Url> parsed = io::http::ParseUrl(url->text);
  if (parsed.ok()) return;
  const Diagnostic fault = DiagnosticsOf(parsed.status()).front();
  problems->Add(fault.code, url->span, fault.message, fault.suggestion);
}

}  // namespace

Field AuthField() {
  return {.key = "auth",
          .type = T::kObject,
          .doc = "How requests prove who sends them; sent to this host alone.",
          .object = &AuthSpec()};
}

AuthConfig BuildAuth(const ConfigValue& owner, ConfigProblems* problems) {
  AuthConfig built;
  const ConfigValue* auth = owner.Find("auth");
  if (auth == nullptr || auth->spec == nullptr) return built;
  const std::string& type = auth->spec->type_value;
  if (type == "oauth2") {
    BuildOAuth2(*auth, &built, problems);
  } else if (type == "bearer") {
    built.kind = AuthConfig::Kind::kBearer;
    built.token = auth->Text("token");
  } else if (type == "basic") {
    built.kind = AuthConfig::Kind::kBasic;
    built.user = auth->Text("user");
    built.password = auth->Text("password");
  } else if (type == "api_key") {
    const bool is_header = auth->Text("in") != "query";
    built.kind = is_header ? AuthConfig::Kind::kApiKeyHeader : AuthConfig::Kind::kApiKeyQuery;
    built.key = auth->Text("key");
    built.name = auth->Text("name");
    CheckName(*auth, is_header, problems);
  }
  return built;
}

}  // namespace millrace::pipeline
