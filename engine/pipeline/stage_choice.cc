#include "pipeline/stage_choice.h"

#include <algorithm>

#include "base/diagnostic.h"

namespace millrace::pipeline {
namespace {

Result<size_t> PositionOf(const std::vector<std::string>& stages, const std::string& name) {
  const auto found = std::find(stages.begin(), stages.end(), name);
  if (found != stages.end()) return static_cast<size_t>(found - stages.begin());
  std::string suggestion = DidYouMean(name, stages);
  if (suggestion.empty()) {
    for (const std::string& stage : stages) {
      suggestion += (suggestion.empty() ? "its stages are `" : ", `") + stage + '`';
    }
  }
  return MakeError(ErrorCode::kUsage, "the config has no stage `" + name + "`", suggestion);
}

}  // namespace

Result<StageChoice> ChooseStages(const PipelineConfig& config, const RunOptions& options) {
  std::vector<std::string> stages = {"ingest"};
  for (const StageConfig& stage : config.stages) stages.push_back(stage.name);
  StageChoice choice;
  choice.until = stages.size() - 1;
  choice.stops = !options.until.empty();
  if (choice.stops) {
    ARROW_ASSIGN_OR_RAISE(choice.until, PositionOf(stages, options.until));
  }
  if (!options.from.empty()) {
    ARROW_ASSIGN_OR_RAISE(choice.from, PositionOf(stages, options.from));
  }
  if (choice.from > choice.until) {
    return MakeError(ErrorCode::kUsage,
                     "stage `" + options.until + "` comes before `" + options.from +
                         "`: there is nothing to do from the one until the other");
  }
  if (choice.from > 0 && options.refetch) {
    return MakeError(ErrorCode::kUsage,
                     "a run that begins with a stage reads no source: it cannot fetch one anew");
  }
  return choice;
}

SnapshotChoice ChooseSnapshots(const RunOptions& options, const StageChoice& stages) {
  return {options.offline || stages.from > 0, options.refetch, options.snapshots};
}

}  // namespace millrace::pipeline
