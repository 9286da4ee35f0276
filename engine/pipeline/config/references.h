// References in the texts of a config: ${name} or, in full, ${param:name} for a parameter,
// ${env:NAME} for a variable of the environment, ${file:path} for the content of a file. $${ stands
// for the two characters ${.
//
// In ordinary fields they are put in place when the config is read. A field marked secret keeps its
// reference, and secrets/secret_resolver.h reads it at the moment of use. Only there
// ${vault:path#field} works, for a field of a secret in HashiCorp Vault.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/config/tree.h"

namespace millrace::pipeline {

struct ReferenceScope {
  std::map<std::string, std::optional<std::string>> params;  // no value: must be set from outside
  bool allow_params = true;  // not in the values of params themselves
  std::string base_dir;      // anchors ${file:...}
};

struct ReferenceProblem {
  int offset = 0, length = 0;  // code points within the text
  ErrorCode code = ErrorCode::kUnresolvedReference;
  std::string message, suggestion;
};

struct ResolvedText {
  std::string text;
  bool had_references = false;
  bool lacks_parameter = false;  // one without a value, which is reported where it is declared
  std::vector<ReferenceProblem> problems;
};
ResolvedText ResolveReferences(const std::string& text, const ReferenceScope& scope);

/// Whether the text is one ${env:...}, ${file:...} or ${vault:...#...} and nothing else.
bool IsSecretReference(const std::string& text);

struct VaultReference {
  std::string path, field;
};
/// The parts of ${vault:path#field}; nothing for any other text, and none of the parts is empty.
std::optional<VaultReference> ReadVaultReference(const std::string& text);

/// The value behind ${env:...} or ${file:...}; from then on Redact masks it.
Result<std::string> ResolveSecret(const std::string& reference, const std::string& base_dir);

/// The text with every ${ written as $${, so that it reads back as itself.
std::string EscapeReferences(const std::string& text);

}  // namespace millrace::pipeline
