#include "pipeline/config/problems.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include "base/config_value.h"
#include "base/log.h"
#include "pipeline/config/references.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kProblemsMax = 100;
constexpr int kShownColumnsMax = 400;  // a longer line says nothing to a person

std::string Lower(const std::string& text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Of a line that could not be parsed: whether it looks as if it held a secret.
bool LineMayHoldSecret(const std::string& line) {
  const std::string lower = Lower(line);
  for (const char* word : {"password", "passwd", "token", "secret", "api_key", "apikey", "api-key",
                           "access_key", "private_key", "credential"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return HoldsUrlPassword(line);
}

std::string ShownLine(const std::string& line, int column) {
  if (CountCodePoints(line) <= kShownColumnsMax) return line;
  if (column > kShownColumnsMax) return "";
  size_t end = 0;
  for (int points = 0; end < line.size() && points < kShownColumnsMax; ++points) {
    do ++end;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80);
  }
  return line.substr(0, end);
}

void Hide(const ConfigNode& value, ConfigProblems* problems) {
  problems->HideLines(value);
  if (value.text.size() >= 4) RegisterSecret(value.text);
}

void ReportSecret(const ConfigNode& value, const std::string& what, ConfigProblems* problems) {
  Hide(value, problems);
  SourceSpan span = value.span;
  span.length = 1;  // not even how long it is
  problems->Add(ErrorCode::kSecretInClear, span, what + " is written in clear",
                "keep it outside and refer to it: ${env:NAME}, ${file:path} or "
                "${vault:path#field}");
}

}  // namespace

ConfigProblems::ConfigProblems(const ConfigTree* tree) : tree_(tree) {
  for (const Diagnostic& problem : tree->problems) {
    problems_.push_back(problem);
    if (LineMayHoldSecret(problem.source_line)) hidden_lines_.insert(problem.span.line);
  }
}

bool ConfigProblems::AnyIn(int first, int end) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Diagnostic& problem) {
    return problem.span.line >= first && problem.span.line < end;
  });
}

void ConfigProblems::Add(ErrorCode code, const SourceSpan& span, std::string message,
                         std::string suggestion) {
  problems_.push_back({code, std::move(message), std::move(suggestion), span, ""});
}

void ConfigProblems::Add(Diagnostic diagnostic) { problems_.push_back(std::move(diagnostic)); }

void ConfigProblems::AddInside(const ConfigValue& text, Diagnostic diagnostic) {
  const SourceSpan inside = diagnostic.span;
  diagnostic.span = text.span;
  // A text with references put in place has other positions than what was written.
  if (text.as_written && inside.known()) {
    diagnostic.span = tree_->SpanInside(*text.node, inside.column - 1, inside.length);
  }
  Add(std::move(diagnostic));
}

void ConfigProblems::AddRepeated(const ConfigValue* list) {
  if (list == nullptr) return;
  std::set<std::string> seen;
  for (const ConfigValue& item : list->items) {
    if (seen.insert(item.text).second) continue;
    Add(ErrorCode::kDuplicateName, item.span, "`" + item.text + "` is named twice");
  }
}

void ConfigProblems::HideLines(const ConfigNode& node) {
  const auto breaks = static_cast<int>(std::count(node.text.begin(), node.text.end(), '\n'));
  for (int line = node.span.line; line <= node.span.line + breaks + 1; ++line) {
    if (line == node.span.line || breaks > 0) hidden_lines_.insert(line);
  }
}

std::vector<Diagnostic> ConfigProblems::Finish() const {
  std::vector<Diagnostic> sorted = problems_;
  const auto place = [](const Diagnostic& d) {
    return std::make_tuple(d.span.known() ? d.span.line : 0, d.span.column, d.code, d.message);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  sorted.erase(
      std::unique(sorted.begin(), sorted.end(),
                  [&](const Diagnostic& a, const Diagnostic& b) { return place(a) == place(b); }),
      sorted.end());
  if (sorted.size() > kProblemsMax) {
    const size_t others = sorted.size() - kProblemsMax;
    sorted.resize(kProblemsMax);
    sorted.back().suggestion += (sorted.back().suggestion.empty() ? "" : "; ") +
                                std::string("and ") + std::to_string(others) + " more problems";
  }
  for (Diagnostic& d : sorted) {
    if (d.span.file.empty()) d.span.file = tree_->file;
    const bool hidden = hidden_lines_.count(d.span.line) > 0;
    const bool of_tree = d.span.known() && d.span.file == tree_->file;
    d.source_line =
        hidden || !of_tree ? "" : Redact(ShownLine(tree_->Line(d.span.line), d.span.column));
    d.message = Redact(d.message);
    d.suggestion = Redact(d.suggestion);
  }
  return sorted;
}

bool LooksLikeSecretKey(const std::string& key) {
  std::string name;
  for (const char c : Lower(key)) name += c == '-' || c == '.' ? '_' : c;
  for (const char* word : {"password", "passwd", "passphrase", "secret", "api_key", "apikey",
                           "access_key", "private_key", "credential", "auth_token"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return name == "token" || (name.size() > 6 && name.compare(name.size() - 6, 6, "_token") == 0);
}

bool HoldsUrlPassword(const std::string& text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos) return false;
  const std::string authority = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const size_t at = authority.rfind('@');
  if (at == std::string::npos) return false;
  const size_t colon = authority.substr(0, at).find(':');
  if (colon == std::string::npos || colon + 1 == at) return false;
  // A reference holds a colon of its own but no secret.
  return authority.substr(colon + 1, 2) != "${" && authority.rfind("${", 0) != 0;
}

void FindSecrets(const ConfigNode& root, ConfigProblems* problems) {
  if (root.kind == ConfigNode::Kind::kScalar && HoldsUrlPassword(root.text)) {
    ReportSecret(root, "the password in this URL", problems);
  }
  for (const ConfigNode& item : root.items) FindSecrets(item, problems);
  for (const ConfigEntry& entry : root.entries) {
    const ConfigNode& value = entry.value;
    const bool secret_key = LooksLikeSecretKey(entry.key);
    if (secret_key && value.kind == ConfigNode::Kind::kScalar && !IsSecretReference(value.text)) {
      ReportSecret(value, "the value of `" + entry.key + "`", problems);
    } else if (entry.key != "from") {  // its keys are names of sources, its values of columns
      FindSecrets(value, problems);
    }
  }
}

}  // namespace millrace::pipeline
