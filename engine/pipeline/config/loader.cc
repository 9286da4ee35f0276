#include "pipeline/config/loader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "io/object/store_url.h"
#include "pipeline/config/build.h"
#include "pipeline/config/canonical.h"
#include "pipeline/config/fields.h"
#include "pipeline/config/walk.h"
#include "stage/resource_files.h"

namespace millrace::pipeline {
namespace {

bool HasSyntaxProblem(const ConfigTree& tree) {
  for (const Diagnostic& problem : tree.problems) {
    if (problem.code == ErrorCode::kYamlSyntax) return true;
  }
  return false;
}

bool IsOtherVersion(const ConfigNode& root, ConfigProblems* problems) {
  const ConfigNode* version = root.Find("version");
  if (version == nullptr || version->kind != ConfigNode::Kind::kScalar || version->quoted ||
      version->text == "1" || version->text.empty() ||
      version->text.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  problems->Add(ErrorCode::kUnsupportedVersion, version->span,
                "this program reads configs of version 1, not " + version->text);
  return true;
}

void SetFromOutside(const LoadOptions& options, ReferenceScope* scope, ConfigProblems* problems) {
  std::vector<std::string> known;
  for (const auto& [name, value] : scope->params) known.push_back(name);
  for (const auto& [name, value] : options.params) {
    if (scope->params.count(name) > 0) {
      scope->params[name] = value;
      continue;
    }
    std::string suggestion = DidYouMean(name, known);
    if (suggestion.empty()) {
      suggestion = known.empty() ? "the config declares no `params`" : "its parameters are";
      for (const std::string& other : known) suggestion += " `" + other + "`";
    }
    problems->Add(ErrorCode::kBadParameter, SourceSpan{problems->tree().file, 0, 0, 1},
                  "the config has no parameter `" + name + "`", suggestion);
  }
}

// Parameters come first, for everything else may refer to them.
ReferenceScope ReadParams(const ConfigNode& root, const std::string& base_dir,
                          const LoadOptions& options, ConfigProblems* problems) {
  ReferenceScope scope;
  scope.base_dir = base_dir;
  const ConfigNode* params = root.Find("params");
  if (params != nullptr) {
    scope.allow_params = false;
    for (const ConfigEntry& entry : params->entries) {
      scope.params[entry.key].reset();
      if (entry.value.kind != ConfigNode::Kind::kScalar) continue;
      // Problems of a value that is overridden do not matter; others are reported by the walk.
      scope.params[entry.key] = ResolveReferences(entry.value.text, scope).text;
    }
    scope.allow_params = true;
  }
  SetFromOutside(options, &scope, problems);
  if (params == nullptr) return scope;
  for (const ConfigEntry& entry : params->entries) {
    if (!IsName(entry.key)) {
      problems->Add(ErrorCode::kBadValue, entry.key_span, "`" + entry.key + "` is no name");
    }
    if (entry.value.kind == ConfigNode::Kind::kEmpty && !scope.params[entry.key]) {
      problems->Add(ErrorCode::kBadParameter, entry.key_span,
                    "the parameter `" + entry.key + "` has no value",
                    "set it: --set " + entry.key + "=...");
    }
  }
  return scope;
}

// The tree without the parameters that come from outside or must: the walk would take their
// written values for the ones that count.
ConfigNode WithParams(ConfigNode root, const LoadOptions& options) {
  for (ConfigEntry& entry : root.entries) {
    if (entry.key != "params") continue;
    std::vector<ConfigEntry> kept;
    for (ConfigEntry& param : entry.value.entries) {
      const bool replaced = options.params.count(param.key) > 0;
      if (!replaced && param.value.kind != ConfigNode::Kind::kEmpty) kept.push_back(param);
    }
    entry.value.entries = std::move(kept);
  }
  return root;
}

ConfigNode* FindItem(ConfigNode* list, const char* key, const std::string& value) {
  for (ConfigNode& item : list->items) {
    const ConfigNode* name = item.Find(key);
    if (name != nullptr && name->text == value) return &item;
  }
  return nullptr;
}

ConfigNode* FindMember(ConfigNode* map, const std::string& key) {
  for (ConfigEntry& entry : map->entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

// What is wrong with a value is shown at the parameter, or at the instance that lacks it. Names
// that lead nowhere are the caller's to find.
void ApplySettings(const LoadOptions& options, ConfigNode* root) {
  ConfigNode* stages = FindMember(root, "stages");
  ConfigNode* stage =
      stages == nullptr ? nullptr : FindItem(stages, "name", options.settings_stage);
  ConfigNode* operators = stage == nullptr ? nullptr : FindMember(stage, "operators");
  if (operators == nullptr) return;
  for (const auto& [name, value] : options.settings) {
    const size_t dot = name.find('.');
    ConfigNode* instance = FindItem(operators, "id", name.substr(0, dot));
    if (instance == nullptr || dot == std::string::npos) continue;
    const std::string key = name.substr(dot + 1);
    ConfigNode* node = FindMember(instance, key);
    if (node == nullptr) {
      ConfigEntry& added = instance->entries.emplace_back();
      added.key = key;
      added.key_span = instance->span;
      node = &added.value;
      node->span = instance->span;
    }
    ConfigNode set;
    set.kind = ConfigNode::Kind::kScalar;
    set.text = value;
    set.span = node->span;
    *node = std::move(set);
  }
}

ConfigNode AtStep(ConfigNode root, int64_t at_step) {
  if (at_step < 0 || root.kind != ConfigNode::Kind::kMap) return root;
  const auto written = std::find_if(root.entries.begin(), root.entries.end(),
                                    [](const ConfigEntry& e) { return e.key == "at_step"; });
  ConfigEntry& entry = written == root.entries.end() ? root.entries.emplace_back() : *written;
  entry.key = "at_step";
  entry.value.kind = ConfigNode::Kind::kScalar;
  entry.value.text = std::to_string(at_step);
  entry.value.quoted = false;
  entry.value.offset = -1;
  if (entry.value.span.file.empty()) entry.value.span = SourceSpan{root.span.file, 0, 0, 1};
  return root;
}

// At most one byte more than a config may have: that tells a longer one.
Result<std::string> ReadConfigText(const std::filesystem::path& path, const std::string& what) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return MakeError(ErrorCode::kUnreadablePath, what + " is a folder", "name the file inside it");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return MakeError(ErrorCode::kUnreadablePath, what + " cannot be read",
                     "check the path and its permissions");
  }
  std::string text(kConfigBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  return text;
}

std::vector<std::string> TablesOf(const PipelineConfig& config) {
  std::set<std::string> tables;
  for (const contract::Contract& contract : config.contracts) tables.insert(contract.name);
  for (const SourceConfig& source : config.sources) tables.insert(source.contract);
  return {tables.begin(), tables.end()};
}

// The file of the model's team, which has its own places. What is wrong with its path goes to
// `problems`, what is wrong in it to `inside`.
void LoadModelContract(const ConfigValue& root, const std::string& file, PipelineConfig* config,
                       ConfigProblems* problems, std::vector<Diagnostic>* inside) {
  const ConfigValue* path = root.Find("model_contract");
  if (path == nullptr) return;
  config->model_span = path->span;
  if (io::IsUrl(path->text)) {
    problems->Add(ErrorCode::kBadValue, path->span, "`model_contract` is a URL",
                  "keep the file beside the config");
    return;
  }
  const std::filesystem::path whole = std::filesystem::path(config->base_dir) / path->text;
  const Result<std::string> text = ReadConfigText(whole, "the model contract `" + path->text + "`");
  if (!text.ok()) {
    Diagnostic problem = DiagnosticsOf(text.status()).front();
    problem.span = path->span;
    problems->Add(std::move(problem));
    return;
  }
  const auto shown = std::filesystem::path(file).parent_path() / path->text;
  Result<LoadedModelContract> loaded =
      ParseModelContract(*text, shown.lexically_normal().string(),
                         whole.lexically_normal().parent_path().string(), TablesOf(*config));
  if (loaded.ok()) {
    config->model = std::move(*loaded);
  } else {
    *inside = DiagnosticsOf(loaded.status());
  }
}

}  // namespace

Result<PipelineConfig> ParseConfig(const std::string& text, const std::string& file,
                                   const std::string& base_dir, const LoadOptions& options) {
  const auto parsed = std::make_shared<ParsedConfig>();
  parsed->text = text;
  parsed->tree = ParseConfigTree(text, file);
  const ConfigTree& tree = parsed->tree;
  ConfigProblems problems(&tree);
  FindSecrets(tree.root, &problems);
  // Of half a tree the rest would look as if it were missing.
  if (HasSyntaxProblem(tree) || IsOtherVersion(tree.root, &problems)) {
    return MakeError(problems.Finish());
  }
  const ReferenceScope scope = ReadParams(tree.root, base_dir, options, &problems);
  parsed->params = options.params;
  parsed->at_step = options.at_step;
  parsed->host_operators = options.host_operators;
  parsed->root = AtStep(WithParams(tree.root, options), options.at_step);
  if (!options.settings.empty()) ApplySettings(options, &parsed->root);
  parsed->value = WalkConfig(parsed->root, PipelineSpec(), scope, &problems);
  const ConfigValue& value = parsed->value;
  PipelineConfig config;
  std::vector<Diagnostic> of_model;
  if (value.kind == ConfigValue::Kind::kObject) {
    std::shared_ptr<const op::Resources> resources;
    if (options.open_resources) resources = stage::OpenResources(base_dir, options.host_operators);
    config = BuildConfig(value, base_dir, std::move(resources), &problems);
    LoadModelContract(value, file, &config, &problems, &of_model);
  }
  config.file = file;
  if (!problems.empty() && options.look_at_data) {
    for (Diagnostic& problem : options.look_at_data(config, problems)) {
      problems.Add(std::move(problem));
    }
  }
  if (!problems.empty() || !of_model.empty()) {
    std::vector<Diagnostic> all = problems.Finish();
    all.insert(all.end(), of_model.begin(), of_model.end());
    return MakeError(std::move(all));
  }
  config.parsed = parsed;
  config.resolved_yaml = ResolvedYaml(value);
  config.config_hash = ConfigHash(value);
  return config;
}

Result<PipelineConfig> LoadConfig(const std::string& path, const LoadOptions& options) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  ARROW_ASSIGN_OR_RAISE(const std::string text,
                        ReadConfigText(absolute, "the config `" + path + "`"));
  return ParseConfig(text, path, absolute.lexically_normal().parent_path().string(), options);
}

}  // namespace millrace::pipeline
