#include "pipeline/data_problems.h"

#include <algorithm>
#include <climits>

#include "io/object/store_url.h"
#include "pipeline/column_check.h"

namespace millrace::pipeline {
namespace {

// The line behind a source's block: where the next source or the next top-level key begins.
int EndOf(const SourceConfig& source, const PipelineConfig& config, const ConfigTree& tree) {
  int end = INT_MAX;
  const auto consider = [&](int line) {
    if (line > source.span.line && line < end) end = line;
  };
  for (const SourceConfig& other : config.sources) consider(other.span.line);
  for (const ConfigEntry& entry : tree.root.entries) consider(entry.key_span.line);
  return end == INT_MAX ? end : std::max(end, source.span.line + 1);
}

const contract::Contract* DeclaredContract(const SourceConfig& source,
                                           const PipelineConfig& config) {
  for (const contract::Contract& contract : config.contracts) {
    if (contract.name == source.contract) return &contract;
  }
  return nullptr;
}

// Environment errors may be gone at the next try, and are told when the config is right.
void AddUserProblems(const std::vector<Diagnostic>& problems, std::vector<Diagnostic>* all) {
  for (const Diagnostic& problem : problems) {
    if (KindOf(problem.code) == ErrorKind::kUser) all->push_back(problem);
  }
}

}  // namespace

std::vector<Diagnostic> ProblemsInData(const PipelineConfig& config,
                                       const ConfigProblems& problems) {
  std::vector<Diagnostic> found;
  for (const SourceConfig& source : config.sources) {
    if (source.path.empty() || io::IsUrl(source.path) || HoldsUrlPassword(source.path)) continue;
    const auto files =
        source::ExpandFiles(source.name, source.path, config.base_dir, source.format);
    if (!files.ok()) {
      AddUserProblems(DiagnosticsOf(AtPlace(files.status(), config, source.path_span)), &found);
      continue;
    }
    const contract::Contract* declared = DeclaredContract(source, config);
    if (declared == nullptr ||
        problems.AnyIn(source.span.line, EndOf(source, config, problems.tree()))) {
      continue;
    }
    contract::Contract contract = *declared;
    // A column that could not be built would be taken for one that nobody declared.
    contract.unknown_columns = contract::UnknownColumns::kDrop;
    const auto columns = ColumnProblems(config, source, *files, contract);
    if (columns.ok()) AddUserProblems(*columns, &found);
  }
  return found;
}

}  // namespace millrace::pipeline
