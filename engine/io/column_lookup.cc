#include "io/column_lookup.h"

#include <algorithm>

namespace millrace::io {

std::string QuotedNames(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "`" : ", `") + name + "`";
  return out;
}

Status MissingColumns(const std::vector<std::string>& missing,
                      const std::vector<std::string>& names) {
  std::vector<Diagnostic> diagnostics;
  for (const std::string& name : missing) {
    Diagnostic diagnostic;
    diagnostic.code = ErrorCode::kMissingColumn;
    diagnostic.message = "the file has no column `" + name + "`";
    diagnostic.suggestion = DidYouMean(name, names);
    if (diagnostic.suggestion.empty()) {
      diagnostic.suggestion = "its columns are " + QuotedNames(names);
    }
    diagnostics.push_back(std::move(diagnostic));
  }
  return MakeError(std::move(diagnostics));
}

Status CheckUnknownColumns(const Projection& projection, const std::vector<std::string>& names) {
  if (projection.unknown == UnknownFields::kDrop) return Status::OK();
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    const bool wanted = std::any_of(projection.fields.begin(), projection.fields.end(),
                                    [&](const FieldRequest& field) { return field.path == name; });
    const bool known =
        std::find(projection.known.begin(), projection.known.end(), name) != projection.known.end();
    if (!wanted && !known) unknown.push_back(name);
  }
  if (unknown.empty()) return Status::OK();
  return MakeError(ErrorCode::kUnknownColumn, "the contract does not know " + QuotedNames(unknown),
                   "add them to the contract, or set `unknown_columns: drop`");
}

}  // namespace millrace::io
