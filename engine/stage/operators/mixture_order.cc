#include "stage/operators/mixture_order.h"

#include <algorithm>

#include "base/sha256.h"
#include "mix/unit_order.h"
#include "stage/identity.h"
#include "stage/operators/input_amounts.h"

namespace millrace::stage {
namespace {

// 4 MiB and 1,048,576 tokens, about a thousand rows of prose, or 1,024 images, in splits of 524,288
// rows; smaller ones have blocks in proportion.
int64_t BlockUnits(const OperatorPlan& plan) {
  if (plan.mixture->unit == Mixture::Unit::kImages) {
    return std::max<int64_t>(16, plan.rows_per_draw / 512);
  }
  return plan.rows_per_draw * (plan.mixture->unit == Mixture::Unit::kBytes ? 8 : 2);
}

int64_t RowsOf(const StageInput& input) {
  int64_t rows = 0;
  for (const io::DataFile& shard : input.shards) rows += shard.rows;
  return rows;
}

Result<mix::Schedule> MakeSchedule(const Mixture& mixture, const std::vector<int64_t>& counts,
                                   uint64_t seed) {
  std::vector<mix::Input> inputs;
  for (size_t i = 0; i < counts.size(); ++i) {
    inputs.push_back({mixture.inputs[i].weight, counts[i], mixture.inputs[i].epochs_max});
  }
  return mix::Schedule::Make(std::move(inputs), mixture.stop, mixture.changes, seed);
}

void LimitRows(const std::vector<StageInput>& inputs, Mixture* mixture) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    Mixture::Of& of = mixture->inputs[i];
    of.available = RowsOf(inputs[i]);
    if (of.rows_max >= 0) of.available = std::min(of.available, of.rows_max);
  }
}

Status OrderAvailable(uint64_t seed, Mixture* mixture) {
  std::vector<int64_t> counts;
  for (const Mixture::Of& of : mixture->inputs) counts.push_back(of.available);
  ARROW_ASSIGN_OR_RAISE(mix::Schedule schedule, MakeSchedule(*mixture, counts, seed));
  mixture->order = std::make_shared<const mix::Schedule>(std::move(schedule));
  return Status::OK();
}

}  // namespace

std::string MixtureIdentity(const Mixture& mixture) {
  Sha256 hash;
  const auto add = [&](int64_t number) { hash.UpdateField(std::to_string(number)); };
  add(static_cast<int64_t>(mixture.unit));
  add(static_cast<int64_t>(mixture.stop));
  hash.UpdateField(mixture.tokens);
  if (!mixture.images.empty()) hash.UpdateField("images " + mixture.images);
  for (const Mixture::Of& of : mixture.inputs) {
    for (const int64_t number : {of.weight, of.rows_max, of.bytes_max, of.epochs_max}) add(number);
  }
  for (const mix::WeightChange& change : mixture.changes) {
    add(change.at);
    for (const int64_t weight : change.weights) add(weight);
  }
  return FinishIdentity(hash);
}

bool NeedsAmounts(const Mixture& mixture) {
  return mixture.unit != Mixture::Unit::kRows ||
         std::any_of(mixture.inputs.begin(), mixture.inputs.end(),
                     [](const Mixture::Of& of) { return of.bytes_max >= 0; });
}

Status OrderByRows(const std::vector<StageInput>& inputs, uint64_t seed, Mixture* mixture) {
  MILLRACE_CHECK(!NeedsAmounts(*mixture));
  LimitRows(inputs, mixture);
  return OrderAvailable(seed, mixture);
}

Status OrderByAmounts(const OperatorRun& run, Mixture* mixture) {
  const std::vector<StageInput>& inputs = run.plan.inputs;
  LimitRows(inputs, mixture);
  ARROW_ASSIGN_OR_RAISE(const auto amounts, MeasureInputs(run, *mixture));
  for (size_t i = 0; i < inputs.size(); ++i) {
    Mixture::Of& of = mixture->inputs[i];
    if (of.bytes_max < 0) continue;
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, amounts[i]->RowsWithin(of.bytes_max));
    of.available = std::min(of.available, rows);
  }
  if (mixture->unit == Mixture::Unit::kRows) return OrderAvailable(run.plan.seed, mixture);
  std::vector<int64_t> units;
  for (size_t i = 0; i < inputs.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(units.emplace_back(), amounts[i]->UnitsOf(mixture->inputs[i].available));
  }
  ARROW_ASSIGN_OR_RAISE(const mix::Schedule schedule, MakeSchedule(*mixture, units, run.plan.seed));
  const auto rows_before = [&](size_t input, int64_t wanted) -> Result<int64_t> {
    if (units[input] == 0) return 0;
    ARROW_ASSIGN_OR_RAISE(const int64_t rest, amounts[input]->RowsBefore(wanted % units[input]));
    return wanted / units[input] * mixture->inputs[input].available + rest;
  };
  ARROW_ASSIGN_OR_RAISE(mixture->order,
                        mix::UnitOrder::Make(schedule, inputs.size(), BlockUnits(run.plan),
                                             run.plan.seed, rows_before));
  return Status::OK();
}

}  // namespace millrace::stage
