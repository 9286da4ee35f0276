#include "pipeline/config/mixture.h"

#include <algorithm>
#include <charconv>

#include "base/weight.h"

namespace millrace::pipeline {
namespace {

class MixtureBuilder {
 public:
  MixtureBuilder(const std::vector<std::string>& names, ConfigProblems* problems)
      : names_(names), problems_(problems) {}

  stage::Mixture Build(const ConfigValue& inputs, const ConfigValue& mixture, int64_t at_step) {
    const std::string stop = mixture.Text("stop"), unit = mixture.Text("unit");
    mixture_.stop = stop == "all_exhausted" ? mix::Stop::kAllExhausted
                    : stop == "all_exhausted_without_replacement"
                        ? mix::Stop::kAllExhaustedWithoutReplacement
                        : mix::Stop::kFirstExhausted;
    mixture_.unit = unit == "bytes"    ? stage::Mixture::Unit::kBytes
                    : unit == "tokens" ? stage::Mixture::Unit::kTokens
                    : unit == "images" ? stage::Mixture::Unit::kImages
                                       : stage::Mixture::Unit::kRows;
    for (const auto& [name, input] : inputs.members) AddInput(input);
    if (const ConfigValue* most = mixture.Find("max_epochs")) SetEpochs(*most);
    if (const ConfigValue* curriculum = mixture.Find("curriculum")) {
      for (const ConfigValue& step : curriculum->items) AddChange(step);
    }
    const auto& of = mixture_.inputs;
    if (std::all_of(of.begin(), of.end(), [](const auto& input) { return input.weight == 0; })) {
      problems_->Add(ErrorCode::kBadValue, inputs.span, "all weights of the inputs are 0");
    }
    if (mixture.Text("curriculum_by") == "step") HoldAt(at_step);
    return std::move(mixture_);
  }

 private:
  void AddInput(const ConfigValue& input) {
    stage::Mixture::Of& of = mixture_.inputs.emplace_back();
    const ConfigValue* weight = input.Find("weight");
    of.weight = weight == nullptr ? kWeightUnit : Units(weight->number, weight->span);
    of.epochs_max = mixture_.stop == mix::Stop::kAllExhausted ? mix::kUnlimited : 1;
    const ConfigValue* caps = input.Find("caps");
    if (caps == nullptr) return;
    of.rows_max = caps->Integer("rows", -1);
    of.bytes_max = caps->Integer("bytes", -1);
  }

  // All is drawn with the weights of one step.
  void HoldAt(int64_t at_step) {
    for (const mix::WeightChange& change : mixture_.changes) {
      if (change.at > at_step) break;
      for (size_t i = 0; i < mixture_.inputs.size(); ++i) {
        mixture_.inputs[i].weight = change.weights[i];
      }
    }
    mixture_.changes.clear();
  }

  int64_t Units(double weight, const SourceSpan& span) {
    const auto units = WeightUnits(weight);
    if (!units) {
      problems_->Add(ErrorCode::kBadValue, span, "a weight has at most six places after the point");
    }
    return units.value_or(kWeightUnit);
  }

  // The position of an input by its name in the config; reported when there is none.
  size_t PositionOf(const std::string& name, const SourceSpan& span) {
    const auto at = std::find(names_.begin(), names_.end(), name);
    if (at != names_.end()) return static_cast<size_t>(at - names_.begin());
    problems_->Add(ErrorCode::kUnknownReference, span, "the stage has no input `" + name + "`",
                   DidYouMean(name, names_));
    return names_.size();
  }

  void SetEpochs(const ConfigValue& most) {
    for (size_t i = 0; i < most.members.size(); ++i) {
      const auto& [name, value] = most.members[i];
      const size_t at = PositionOf(name, most.member_spans[i]);
      int64_t epochs = 0;
      const char* end = value.text.data() + value.text.size();
      const auto read = std::from_chars(value.text.data(), end, epochs);
      if (read.ptr != end || read.ec != std::errc() || epochs < 1) {
        problems_->Add(ErrorCode::kBadValue, value.span, "`max_epochs` are whole numbers from 1");
      } else if (at < names_.size()) {
        mixture_.inputs[at].epochs_max = epochs;
      }
    }
  }

  void AddChange(const ConfigValue& step) {
    if (step.kind != ConfigValue::Kind::kObject) return;
    mix::WeightChange change;
    change.at = step.Integer("at");
    change.weights.assign(names_.size(), 0);
    if (!mixture_.changes.empty() && change.at <= mixture_.changes.back().at) {
      problems_->Add(ErrorCode::kBadValue, step.span,
                     "the steps of a `curriculum` stand in the order of `at`");
    }
    const ConfigValue* weights = step.Find("weights");
    if (weights == nullptr) return;
    for (size_t i = 0; i < weights->members.size(); ++i) {
      const auto& [name, value] = weights->members[i];
      const size_t at = PositionOf(name, weights->member_spans[i]);
      const auto weight = ParseWeight(value.text);
      if (!weight) {
        problems_->Add(ErrorCode::kBadValue, value.span, "a weight is a number from 0 to 1000000");
      } else if (at < names_.size()) {
        change.weights[at] = Units(*weight, value.span);
      }
    }
    const auto& all = change.weights;
    if (std::all_of(all.begin(), all.end(), [](int64_t w) { return w == 0; })) {
      problems_->Add(ErrorCode::kBadValue, step.span, "all weights of this step are 0");
    }
    mixture_.changes.push_back(std::move(change));
  }

  const std::vector<std::string>& names_;
  ConfigProblems* problems_;
  stage::Mixture mixture_;
};

}  // namespace

std::optional<MixtureConfig> BuildMixture(const ConfigValue* inputs, const ConfigValue* mixture,
                                          const std::vector<std::string>& names, int64_t at_step,
                                          ConfigProblems* problems) {
  if (mixture == nullptr) {
    if (inputs == nullptr) return std::nullopt;
    for (const auto& [name, input] : inputs->members) {
      for (const char* key : {"weight", "caps"}) {
        if (!input.IsWritten(key)) continue;
        problems->Add(ErrorCode::kBadValue, input.span,
                      std::string("`") + key + "` has no effect without a `mixture`",
                      "add `mixture: {}` to the stage");
      }
    }
    return std::nullopt;
  }
  if (inputs == nullptr) {
    problems->Add(ErrorCode::kBadValue, mixture->span, "a `mixture` needs `inputs`",
                  "name them with their weights: `inputs: {web: {weight: 0.7}, ...}`");
    return std::nullopt;
  }
  if (inputs->members.size() != names.size()) return std::nullopt;  // some are wrong in themselves
  return MixtureConfig{MixtureBuilder(names, problems).Build(*inputs, *mixture, at_step), mixture};
}

}  // namespace millrace::pipeline
