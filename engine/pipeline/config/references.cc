#include "pipeline/config/references.h"

#include <arrow/util/utf8.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/log.h"

namespace millrace::pipeline {
namespace {

constexpr std::streamsize kReferencedBytesMax = 64 << 10;

struct Lookup {
  std::optional<std::string> value;
  bool lacks_parameter = false;
  ErrorCode code = ErrorCode::kUnresolvedReference;
  std::string message, suggestion;
};

Lookup LookUpFile(const std::string& path, const std::string& base_dir) {
  Lookup lookup;
  std::ifstream file(std::filesystem::path(base_dir) / path, std::ios::binary);
  std::string text(static_cast<size_t>(kReferencedBytesMax) + 1, '\0');
  if (path.empty() || !file || !file.read(text.data(), kReferencedBytesMax + 1).eof()) {
    lookup.message = file.is_open() && file ? "the file `" + path + "` is larger than 64 KiB"
                                            : "the file `" + path + "` cannot be read";
    lookup.suggestion = "paths in ${file:...} are relative to the config file";
    return lookup;
  }
  text.resize(static_cast<size_t>(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  arrow::util::InitializeUTF8();
  if (text.find('\0') != std::string::npos || !arrow::util::ValidateUTF8(text)) {
    lookup.message = "the file `" + path + "` does not hold UTF-8 text";
    return lookup;
  }
  lookup.value = std::move(text);
  return lookup;
}

Lookup LookUpVariable(const std::string& name) {
  Lookup lookup;
  if (const char* value = name.empty() ? nullptr : std::getenv(name.c_str())) {
    lookup.value = value;
    arrow::util::InitializeUTF8();
    if (arrow::util::ValidateUTF8(*lookup.value)) return lookup;
    lookup.value.reset();
    lookup.message = "the environment variable `" + name + "` does not hold UTF-8 text";
    return lookup;
  }
  lookup.message = "the environment variable `" + name + "` is not set";
  lookup.suggestion = "set it before running: export " + name + "=...";
  return lookup;
}

Lookup LookUpParameter(const std::string& name, const ReferenceScope& scope) {
  Lookup lookup;
  if (!scope.allow_params) {
    lookup.code = ErrorCode::kBadValue;
    lookup.message = "a parameter cannot refer to a parameter";
    lookup.suggestion = "only ${env:NAME} and ${file:path} work here";
    return lookup;
  }
  const auto found = scope.params.find(name);
  if (found == scope.params.end()) {
    std::vector<std::string> names;
    for (const auto& [known, value] : scope.params) names.push_back(known);
    lookup.code = ErrorCode::kUnknownReference;
    lookup.message = "there is no parameter `" + name + "`";
    lookup.suggestion = DidYouMean(name, names);
    if (lookup.suggestion.empty()) {
      lookup.suggestion = "declare it under `params`, or write $${ for the characters ${";
    }
    return lookup;
  }
  lookup.value = found->second.value_or("");
  lookup.lacks_parameter = !found->second.has_value();
  return lookup;
}

Lookup LookUp(const std::string& inside, const ReferenceScope& scope) {
  if (inside.rfind("env:", 0) == 0) return LookUpVariable(inside.substr(4));
  if (inside.rfind("file:", 0) == 0) return LookUpFile(inside.substr(5), scope.base_dir);
  if (inside.rfind("param:", 0) == 0) return LookUpParameter(inside.substr(6), scope);
  if (inside.rfind("vault:", 0) == 0) {
    Lookup lookup;
    lookup.message = "`vault` references work in secret fields alone, and this is an ordinary one";
    lookup.suggestion = "an ordinary field is stored in clear; use ${env:NAME} or ${file:path}";
    return lookup;
  }
  const size_t colon = inside.find(':');
  if (colon != std::string::npos) {
    Lookup lookup;
    lookup.code = ErrorCode::kUnknownReference;
    lookup.message = "there are no references of the kind `" + inside.substr(0, colon) + "`";
    lookup.suggestion = "write ${name}, ${env:NAME} or ${file:path}";
    return lookup;
  }
  return LookUpParameter(inside, scope);
}

}  // namespace

ResolvedText ResolveReferences(const std::string& text, const ReferenceScope& scope) {
  ResolvedText out;
  for (size_t at = 0; at < text.size();) {
    if (text.compare(at, 3, "$${") == 0) {
      out.text += "${";
      out.had_references = true;  // positions behind it no longer match
      at += 3;
      continue;
    }
    if (text.compare(at, 2, "${") != 0) {
      out.text += text[at++];
      continue;
    }
    out.had_references = true;
    const int offset = CountCodePoints(std::string_view(text).substr(0, at));
    const size_t end = text.find('}', at);
    if (end == std::string::npos) {
      out.problems.push_back({offset, 2, ErrorCode::kBadValue, "a reference `${` is not closed",
                              "close it with }, or write $${ for the characters ${"});
      return out;
    }
    const std::string inside = text.substr(at + 2, end - at - 2);
    Lookup lookup = LookUp(inside, scope);
    out.lacks_parameter = out.lacks_parameter || lookup.lacks_parameter;
    if (lookup.value) {
      out.text += *lookup.value;
    } else {
      out.problems.push_back({offset, CountCodePoints(inside) + 3, lookup.code,
                              std::move(lookup.message), std::move(lookup.suggestion)});
    }
    at = end + 1;
  }
  return out;
}

bool IsSecretReference(const std::string& text) {
  if (ReadVaultReference(text)) return true;
  for (const std::string_view start : {"${env:", "${file:"}) {
    const bool names_something = text.size() > start.size() + 1;
    if (text.rfind(start, 0) == 0) return names_something && text.find('}') == text.size() - 1;
  }
  return false;
}

std::optional<VaultReference> ReadVaultReference(const std::string& text) {
  constexpr std::string_view kStart = "${vault:";
  if (text.rfind(kStart, 0) != 0 || text.find('}') != text.size() - 1) return std::nullopt;
  const std::string inside = text.substr(kStart.size(), text.size() - kStart.size() - 1);
  const size_t hash = inside.rfind('#');
  if (hash == std::string::npos) return std::nullopt;
  VaultReference place{inside.substr(0, hash), inside.substr(hash + 1)};
  const std::string walked = "/" + place.path + "/";
  for (const char* part : {"//", "/./", "/../"}) {
    if (walked.find(part) != std::string::npos) return std::nullopt;
  }
  if (place.field.empty()) return std::nullopt;
  return place;
}

Result<std::string> ResolveSecret(const std::string& reference, const std::string& base_dir) {
  if (!IsSecretReference(reference) || ReadVaultReference(reference)) {
    return MakeError(ErrorCode::kSecretInClear, "a secret must be a reference",
                     "write ${env:NAME} or ${file:path}");
  }
  ReferenceScope scope;
  scope.base_dir = base_dir;
  ResolvedText resolved = ResolveReferences(reference, scope);
  if (!resolved.problems.empty()) {
    return MakeError(resolved.problems[0].code, resolved.problems[0].message,
                     resolved.problems[0].suggestion);
  }
  RegisterSecret(resolved.text);
  return resolved.text;
}

std::string EscapeReferences(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 2, "${") == 0) out += '$';
    out += text[at];
  }
  return out;
}

}  // namespace millrace::pipeline
