#include "pipeline/config/mixture.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace millrace::pipeline {
namespace {

class MixtureBuilder {
 public:
  MixtureBuilder(const std::vector<std::string>& names, ConfigProblems* problems)
      : names_(names), problems_(problems) {}

  MixtureConfig Build(const ConfigValue& inputs, const ConfigValue& mixture) {
    const std::string stop = mixture.Text("stop");
    config_.stop = stop == "all_exhausted" ? mix::Stop::kAllExhausted
                   : stop == "all_exhausted_without_replacement"
                       ? mix::Stop::kAllExhaustedWithoutReplacement
                       : mix::Stop::kFirstExhausted;
    const int64_t epochs = config_.stop == mix::Stop::kAllExhausted ? mix::kUnlimited : 1;
    config_.epochs_max.assign(names_.size(), epochs);
    for (const auto& [name, input] : inputs.members) AddInput(input);
    if (const ConfigValue* most = mixture.Find("max_epochs")) SetEpochs(*most);
    if (const ConfigValue* curriculum = mixture.Find("curriculum")) {
      for (const ConfigValue& step : curriculum->items) AddChange(step);
    }
    const auto& weights = config_.weights;
    if (std::all_of(weights.begin(), weights.end(), [](int64_t w) { return w == 0; })) {
      problems_->Add(ErrorCode::kBadValue, inputs.span, "all weights of the inputs are 0");
    }
    return std::move(config_);
  }

 private:
  void AddInput(const ConfigValue& input) {
    const ConfigValue* weight = input.Find("weight");
    config_.weights.push_back(weight == nullptr ? mix::kWeightUnit
                                                : Units(weight->number, weight->span));
    const ConfigValue* caps = input.Find("caps");
    const ConfigValue* rows = caps == nullptr ? nullptr : caps->Find("rows");
    config_.rows_max.push_back(rows == nullptr ? -1 : rows->integer);
  }

  int64_t Units(double weight, const SourceSpan& span) {
    const double units = weight * static_cast<double>(mix::kWeightUnit);
    if (std::abs(units - std::round(units)) > 1e-6 * std::max(1.0, units)) {
      problems_->Add(ErrorCode::kBadValue, span, "a weight has at most six places after the point");
    }
    return std::llround(units);
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
        config_.epochs_max[at] = epochs;
      }
    }
  }

  void AddChange(const ConfigValue& step) {
    if (step.kind != ConfigValue::Kind::kObject) return;
    mix::WeightChange change;
    change.at = step.Integer("at");
    change.weights.assign(names_.size(), 0);
    if (!config_.changes.empty() && change.at <= config_.changes.back().at) {
      problems_->Add(ErrorCode::kBadValue, step.span,
                     "the steps of a `curriculum` stand in the order of `at`");
    }
    const ConfigValue* weights = step.Find("weights");
    if (weights == nullptr) return;
    for (size_t i = 0; i < weights->members.size(); ++i) {
      const auto& [name, value] = weights->members[i];
      const size_t at = PositionOf(name, weights->member_spans[i]);
      double weight = -1;
      const char* end = value.text.data() + value.text.size();
      const auto read = std::from_chars(value.text.data(), end, weight);
      if (read.ptr != end || read.ec != std::errc() || !(weight >= 0 && weight <= 1e6)) {
        problems_->Add(ErrorCode::kBadValue, value.span, "a weight is a number from 0 to 1000000");
      } else if (at < names_.size()) {
        change.weights[at] = Units(weight, value.span);
      }
    }
    const auto& all = change.weights;
    if (std::all_of(all.begin(), all.end(), [](int64_t w) { return w == 0; })) {
      problems_->Add(ErrorCode::kBadValue, step.span, "all weights of this step are 0");
    }
    config_.changes.push_back(std::move(change));
  }

  const std::vector<std::string>& names_;
  ConfigProblems* problems_;
  MixtureConfig config_;
};

}  // namespace

std::optional<MixtureConfig> BuildMixture(const ConfigValue* inputs, const ConfigValue* mixture,
                                          const std::vector<std::string>& names,
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
  return MixtureBuilder(names, problems).Build(*inputs, *mixture);
}

}  // namespace millrace::pipeline
