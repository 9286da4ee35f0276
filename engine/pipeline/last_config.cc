#include "pipeline/last_config.h"

#include <algorithm>
#include <map>

#include "pipeline/config/canonical.h"
#include "pipeline/config/loader.h"
#include "stage/operators/mixture_order.h"

namespace millrace::pipeline {
namespace {

struct Operators {
  std::vector<std::string> ids;             // as listed
  std::map<std::string, std::string> json;  // by id
};

Operators OperatorsOf(const ConfigValue& stage) {
  Operators found;
  const ConfigValue* list = stage.Find("operators");
  if (list == nullptr) return found;
  for (const ConfigValue& item : list->items) {
    found.ids.push_back(item.Text("id"));
    found.json[item.Text("id")] = item.spec->type_value + OperatorJson(item);
  }
  return found;
}

std::vector<std::string> EdgesOf(const ConfigValue& stage) {
  std::vector<std::string> edges;
  const ConfigValue* list = stage.Find("edges");
  if (list == nullptr) return edges;
  for (const ConfigValue& edge : list->items) {
    std::string text;
    for (const ConfigValue& end : edge.items) text += end.text + ' ';
    edges.push_back(std::move(text));
  }
  return edges;
}

std::string OutputMixtureOf(const ConfigValue& stage) {
  const ConfigValue* value = stage.Find("output_mixture");
  if (value == nullptr) return "";
  std::string text = OperatorJson(*value);
  // The order of the buckets counts, and is not in the JSON.
  if (const ConfigValue* buckets = value->Find("buckets")) {
    for (const auto& [name, bucket] : buckets->members) text += ' ' + name;
  }
  return text;
}

void CompareOperators(const ConfigValue& before, const ConfigValue& now,
                      std::vector<std::string>* phrases) {
  const Operators old = OperatorsOf(before), current = OperatorsOf(now);
  const size_t so_far = phrases->size();
  for (const std::string& id : current.ids) {
    const auto same = old.json.find(id);
    if (same == old.json.end()) {
      phrases->push_back("the operator `" + id + "` is new");
    } else if (same->second != current.json.at(id)) {
      phrases->push_back("the operator `" + id + "` changed");
    }
  }
  for (const std::string& id : old.ids) {
    if (current.json.count(id) == 0) phrases->push_back("the operator `" + id + "` is gone");
  }
  const bool same_order = old.ids == current.ids && EdgesOf(before) == EdgesOf(now);
  if (phrases->size() == so_far && !same_order) {
    phrases->push_back("its operators come in another order");
  }
}

const StageConfig* StageOf(const PipelineConfig& config, const std::string& name) {
  for (const StageConfig& stage : config.stages) {
    if (stage.name == name) return &stage;
  }
  return nullptr;
}

}  // namespace

bool SameInputs(const PipelineConfig& before, const StageConfig& stage) {
  const StageConfig* old = StageOf(before, stage.name);
  if (old == nullptr || old->inputs != stage.inputs) return false;
  if (!old->mixture || !stage.mixture) return old->mixture.has_value() == stage.mixture.has_value();
  return stage::MixtureIdentity(old->mixture->mixture) ==
             stage::MixtureIdentity(stage.mixture->mixture) &&
         old->mixture->value->Text("tokens") == stage.mixture->value->Text("tokens") &&
         old->mixture->value->Text("images") == stage.mixture->value->Text("images");
}

Result<PipelineConfig> ReadRunConfig(io::Store& workspace, const std::string& run_folder) {
  const std::string file = "pipeline.resolved.yaml";
  ARROW_ASSIGN_OR_RAISE(const std::string text, workspace.ReadSmall(run_folder + '/' + file));
  return ParseConfig(text, file, "", {});
}

std::vector<std::string> StageDifferences(const PipelineConfig* before,
                                          const stage::Manifest& manifest,
                                          const PipelineConfig& now, const StageConfig& stage,
                                          const stage::OperatorPlan& plan) {
  std::vector<std::string> phrases;
  if (before != nullptr) {
    if (const StageConfig* old = StageOf(*before, stage.name)) {
      CompareOperators(*old->value, *stage.value, &phrases);
      if (old->rows_per_shard != stage.rows_per_shard) phrases.push_back("its `output` changed");
      if (OutputMixtureOf(*old->value) != OutputMixtureOf(*stage.value)) {
        phrases.push_back("its `output_mixture` changed");
      }
      if (!SameInputs(*before, stage)) phrases.push_back("what it reads, and how much, changed");
    }
    if (before->seed != now.seed) phrases.push_back("the `seed` changed");
    if (before->rejects.sensitive != now.rejects.sensitive) {
      phrases.push_back("how `rejects` keep sensitive values changed");
    }
  }
  for (const op::Instance& instance : plan.chain->instances()) {
    for (const stage::InstanceCount& old : manifest.instances) {
      if (old.id == instance.id && old.type == instance.type->name &&
          old.file_sha256 != instance.op->FileSha256()) {
        phrases.push_back("the file that `" + instance.id + "` works with changed");
      }
    }
    const auto version = manifest.operator_versions.find(instance.type->name);
    if (version == manifest.operator_versions.end() || version->second == instance.type->version) {
      continue;
    }
    const std::string phrase = "`" + instance.type->name + "` has another version in this program";
    if (std::find(phrases.begin(), phrases.end(), phrase) == phrases.end()) {
      phrases.push_back(phrase);
    }
  }
  if (phrases.empty()) phrases.emplace_back("the columns that it reads changed");
  return phrases;
}

}  // namespace millrace::pipeline
