#include "pipeline/config/stages.h"

#include <algorithm>

#include "pipeline/config/mixture.h"
#include "pipeline/config/stage_chain.h"

namespace millrace::pipeline {
namespace {

class StageBuilder {
 public:
  StageBuilder(const ConfigValue& root, const std::vector<SourceConfig>& sources,
               const ColumnsOfSource& columns_of, uint64_t seed, const op::Supplies& supplies,
               ConfigProblems* problems)
      : root_(root),
        sources_(sources),
        columns_of_(columns_of),
        seed_(seed),
        supplies_(supplies),
        problems_(problems) {}

  void Add(const ConfigValue& value) {
    const ConfigValue* name = value.Find("name");
    if (name == nullptr) return;
    StageConfig stage;
    stage.name = name->text;
    stage.value = &value;
    if (const ConfigValue* output = value.Find("output")) {
      stage.rows_per_shard = output->Integer("rows_per_shard");
      stage.bytes_per_shard = output->Integer("bytes_per_shard");
      stage.shards_multiple_of = output->Integer("shards_multiple_of");
    }
    stage.overwrites = value.Text("mode") == "overwrite";
    const bool taken = built_.columns.count(stage.name) > 0;
    if (taken || FindSource(stage.name) != nullptr) {
      problems_->Add(ErrorCode::kDuplicateName, name->span,
                     std::string("there is a ") + (taken ? "stage" : "source") + " `" + stage.name +
                         "` already");
    } else if (stage.name == "ingest") {
      problems_->Add(ErrorCode::kBadValue, name->span, "a stage cannot be called `ingest`",
                     "that is the stage that every pipeline begins with");
    }
    SetInputs(value, &stage);
    SetMixture(value, &stage);
    const bool draws = stage.mixture || value.IsWritten("output_mixture");
    if (!value.IsWritten("operators") && !draws) {
      problems_->Add(ErrorCode::kBadValue, value.span,
                     "`operators` is missing in stage `" + stage.name + "`",
                     "only a stage with a `mixture` or an `output_mixture` can do without");
    }
    const auto columns = InputColumns(
        stage, [this](const std::string& input) { return ColumnsOf(input); }, problems_);
    if (stage.mixture) {
      BindMixtureTokens(*stage.mixture->value, columns, problems_);
      BindMixtureImages(*stage.mixture->value, columns, problems_);
    }
    const StageChain bound = BindStage(value, columns, seed_, problems_, supplies_);
    built_.columns[stage.name] = bound.chain == nullptr ? nullptr : bound.chain->stored();
    built_.stages.push_back(std::move(stage));
  }

  BuiltStages Take() {
    const ConfigValue* step = root_.Find("at_step");
    if (step != nullptr && !by_step_) {
      problems_->Add(ErrorCode::kBadValue, step->span, "no mixture is drawn by a step",
                     "a `mixture` with `curriculum_by: step` is drawn at the step of `at_step` or "
                     "--at-step");
    }
    return std::move(built_);
  }

 private:
  const SourceConfig* FindSource(const std::string& name) const {
    for (const SourceConfig& source : sources_) {
      if (source.name == name) return &source;
    }
    return nullptr;
  }

  std::shared_ptr<arrow::Schema> ColumnsOf(const std::string& input) const {
    const SourceConfig* source = FindSource(input);
    return source != nullptr ? columns_of_(*source) : built_.columns.at(input);
  }

  // Of the stage, or for the first one of the config itself.
  const ConfigValue* FindFor(const ConfigValue& stage, const char* key) const {
    const ConfigValue* own = stage.Find(key);
    return own == nullptr && built_.stages.empty() ? root_.Find(key) : own;
  }

  void SetMixture(const ConfigValue& value, StageConfig* stage) {
    const ConfigValue* inputs = FindFor(value, "inputs");
    std::vector<std::string> names;
    if (inputs != nullptr && inputs->members.size() == stage->inputs.size()) {
      for (const auto& [name, input] : inputs->members) names.push_back(name);
    }
    const ConfigValue* mixture = FindFor(value, "mixture");
    stage->mixture = BuildMixture(inputs, mixture, names, root_.Integer("at_step"), problems_);
    by_step_ = by_step_ || (mixture != nullptr && mixture->Text("curriculum_by") == "step");
  }

  void SetInputs(const ConfigValue& value, StageConfig* stage) {
    if (const ConfigValue* inputs = FindFor(value, "inputs")) {
      if (value.IsWritten("input")) {
        problems_->Add(ErrorCode::kBadValue, inputs->span,
                       "`input` and `inputs` exclude each other", "leave `input` out");
      }
      ConfigValue list;
      for (const auto& [name, input] : inputs->members) {
        if (input.kind != ConfigValue::Kind::kObject) continue;
        const ConfigValue* from = input.Find("from");
        ConfigValue& item = list.items.emplace_back(from == nullptr ? input : *from);
        if (from == nullptr) item.text = name;
      }
      NameInputs(list, stage);
      return;
    }
    if (value.IsWritten("input")) {
      if (const ConfigValue* input = value.Find("input")) NameInputs(*input, stage);
      return;
    }
    if (!built_.stages.empty()) {
      stage->inputs = {built_.stages.back().name};
      return;
    }
    for (const SourceConfig& source : sources_) {
      if (source.contract != sources_.front().contract) {
        problems_->Add(ErrorCode::kBadValue, value.span,
                       "`input` is missing: the sources have several contracts",
                       "name the sources that the stage reads");
        stage->inputs.clear();
        return;
      }
      stage->inputs.push_back(source.name);
    }
  }

  void NameInputs(const ConfigValue& input, StageConfig* stage) {
    std::vector<std::string> known;
    for (const SourceConfig& source : sources_) known.push_back(source.name);
    for (const StageConfig& earlier : built_.stages) known.push_back(earlier.name);
    for (const ConfigValue& item : input.items) {
      if (std::find(known.begin(), known.end(), item.text) == known.end()) {
        problems_->Add(ErrorCode::kUnknownReference, item.span,
                       "there is no source or earlier stage `" + item.text + "`",
                       DidYouMean(item.text, known));
      } else if (std::count(stage->inputs.begin(), stage->inputs.end(), item.text) > 0) {
        problems_->Add(ErrorCode::kDuplicateName, item.span, "`" + item.text + "` is named twice");
      } else {
        stage->inputs.push_back(item.text);
      }
    }
  }

  const ConfigValue& root_;
  const std::vector<SourceConfig>& sources_;
  const ColumnsOfSource& columns_of_;
  uint64_t seed_;
  const op::Supplies& supplies_;
  ConfigProblems* problems_;
  BuiltStages built_;
  bool by_step_ = false;  // some mixture is
};

}  // namespace

std::shared_ptr<arrow::Schema> InputColumns(
    const StageConfig& stage,
    const std::function<std::shared_ptr<arrow::Schema>(const std::string& name)>& columns_of,
    ConfigProblems* problems) {
  std::shared_ptr<arrow::Schema> columns;
  for (const std::string& input : stage.inputs) {
    auto own = columns_of(input);
    if (own == nullptr) return nullptr;
    if (columns == nullptr) columns = own;
    if (columns->Equals(*own, /*check_metadata=*/false)) continue;
    const ConfigValue* written = stage.value->Find("input");
    problems->Add(ErrorCode::kBadValue, written == nullptr ? stage.value->span : written->span,
                  "`" + input + "` has other columns than `" + stage.inputs.front() + "`",
                  "the rows of a stage's inputs need the same columns in the same order; "
                  "`select` and `rename` in a stage of its own can bring them in line");
    return nullptr;
  }
  return columns;
}

op::Supplies SuppliesOf(const PipelineConfig& config, op::SecretReader secrets) {
  op::Supplies supplies;
  supplies.secrets = std::move(secrets);
  supplies.resources = config.resources;
  for (const contract::Contract& contract : config.contracts) {
    supplies.contracts.push_back({&contract, config.contract_json.at(contract.name)});
  }
  return supplies;
}

BuiltStages BuildStages(const ConfigValue& root, const std::vector<SourceConfig>& sources,
                        const ColumnsOfSource& columns_of, uint64_t seed,
                        const op::Supplies& supplies, ConfigProblems* problems) {
  StageBuilder builder(root, sources, columns_of, seed, supplies, problems);
  if (const ConfigValue* stages = root.Find("stages")) {
    for (const ConfigValue& stage : stages->items) {
      if (stage.kind == ConfigValue::Kind::kObject) builder.Add(stage);
    }
  }
  BuiltStages built = builder.Take();
  for (const char* key : {"inputs", "mixture"}) {
    const ConfigValue* value = root.Find(key);
    if (value == nullptr || !built.stages.empty()) continue;
    problems->Add(ErrorCode::kBadValue, value->span,
                  std::string("`") + key + "` has no effect without `stages`");
  }
  return built;
}

}  // namespace millrace::pipeline
