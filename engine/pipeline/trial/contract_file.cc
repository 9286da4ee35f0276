#include "pipeline/trial/contract_file.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "pipeline/config/contract.h"
#include "pipeline/config/fields.h"
#include "pipeline/config/loader.h"
#include "pipeline/config/walk.h"

namespace millrace::pipeline {
namespace {

Result<std::string> ReadText(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return MakeError(ErrorCode::kUnreadablePath, "`" + path + "` is a folder",
                     "name a config, or a file with a contract, inside it");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return MakeError(ErrorCode::kUnreadablePath, "the contract `" + path + "` cannot be read",
                     "check the path and its permissions");
  }
  std::string text(kConfigBytesMax + 1, '\0');  // one more than is allowed tells a longer one
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  return text;
}

// The sources that a contract on its own speaks of, in the order they appear.
std::vector<std::string> SourcesNamed(const ConfigNode& contract) {
  std::vector<std::string> names;
  std::set<std::string> seen(FromKeys().begin(), FromKeys().end());
  const ConfigNode* columns = contract.Find("columns");
  if (columns == nullptr) return names;
  for (const ConfigEntry& column : columns->entries) {
    const ConfigNode* from = column.value.Find("from");
    if (from == nullptr) continue;
    for (const ConfigEntry& rule : from->entries) {
      if (seen.insert(rule.key).second) names.push_back(rule.key);
    }
  }
  return names;
}

Result<ContractFile> ParseAlone(const ConfigTree& tree) {
  ConfigProblems problems(&tree);
  FindSecrets(tree.root, &problems);
  const ConfigValue value =
      WalkConfig(tree.root, *PipelineSpec().Find("contract")->object, ReferenceScope(), &problems);
  ContractFile file;
  const std::vector<std::string> sources = SourcesNamed(tree.root);
  if (value.kind == ConfigValue::Kind::kObject) {
    file.config.contracts.push_back(BuildContract("", value, sources, sources, &problems));
  }
  if (!problems.empty()) return MakeError(problems.Finish());
  file.config.file = tree.file;
  for (const std::string& name : sources) {
    SourceConfig source;
    source.name = name;
    file.config.sources.push_back(std::move(source));
  }
  return file;
}

}  // namespace

Result<ContractFile> LoadContractFile(const std::string& path,
                                      const std::map<std::string, std::string>& params) {
  ARROW_ASSIGN_OR_RAISE(std::string text, ReadText(path));
  const ConfigTree tree = ParseConfigTree(text, path);
  const bool alone = tree.root.Find("columns") != nullptr && tree.root.Find("sources") == nullptr;
  if (alone && tree.problems.empty()) {
    if (params.empty()) return ParseAlone(tree);
    return MakeError(ErrorCode::kBadParameter, "a contract on its own has no parameters",
                     "leave out --set, or name the config");
  }
  ContractFile file;
  file.is_config = true;
  ARROW_ASSIGN_OR_RAISE(file.config, LoadConfig(path, {params}));
  return file;
}

}  // namespace millrace::pipeline
