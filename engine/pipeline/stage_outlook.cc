#include "pipeline/stage_outlook.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/quantity.h"
#include "pipeline/last_config.h"
#include "stage/manifest_json.h"
#include "stage/operators/mixture_order.h"
#include "stage/operators/operator_splits.h"

namespace millrace::pipeline {
namespace {

// What is not there, or not to be read, counts as not there: a run mends it.
Result<std::optional<stage::Manifest>> ManifestAt(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const bool there, store.Exists(key));
  if (!there) return std::optional<stage::Manifest>();
  ARROW_ASSIGN_OR_RAISE(const std::string text, store.ReadSmall(key, int64_t{1} << 30));
  Result<stage::Manifest> manifest = stage::ManifestFromJson(text, key);
  if (!manifest.ok()) return std::optional<stage::Manifest>();
  return std::optional<stage::Manifest>(*std::move(manifest));
}

std::string JoinPhrases(const std::vector<std::string>& phrases) {
  std::string text;
  for (const std::string& phrase : phrases) text += (text.empty() ? "" : ", ") + phrase;
  return text;
}

class OutlookFinder {
 public:
  OutlookFinder(const PipelineConfig& config, const stage::IngestPlan& ingest,
                const TableContracts& tables, const PlanChanges& changes, io::Store& store)
      : config_(config), ingest_(ingest), tables_(tables), changes_(changes), store_(store) {
    if (changes.last_run.empty()) return;
    // Without it the reasons are told in less detail.
    auto before = ReadRunConfig(store, changes.last_run);
    if (before.ok()) before_ = *std::move(before);
  }

  Status LookAtIngest() {
    for (size_t i = 0; i < tables_.contracts.size(); ++i) ARROW_RETURN_NOT_OK(LookAtTable(i));
    return Status::OK();
  }

  Result<StageOutlook> LookAt(const StageConfig& stage, const StageChain& chain) {
    MILLRACE_CHECK(chain.chain != nullptr);
    ARROW_ASSIGN_OR_RAISE(stage::OperatorPlan plan,
                          MakeOperatorPlan(ingest_, stage, chain, committed_));
    StageOutlook outlook;
    if (stage.overwrites) {
      ARROW_ASSIGN_OR_RAISE(const int latest, stage::LatestGeneration(store_, plan));
      plan.generation = latest + 1;
      if (latest >= 0) {
        outlook.reasons.push_back({"mode", "", "each run builds it anew (`mode: overwrite`)"});
      }
    }
    const std::string folder = stage::OperatorFolder(plan);
    ARROW_ASSIGN_OR_RAISE(const auto manifest, ManifestAt(store_, folder + "/manifest.json"));
    for (const std::string& input : stage.inputs) {
      const auto changed = changed_.find(input);
      if (changed != changed_.end()) outlook.reasons.push_back({"input", input, changed->second});
    }
    const bool inputs_stand = std::none_of(outlook.reasons.begin(), outlook.reasons.end(),
                                           [](const auto& r) { return r.kind == "input"; });
    if (inputs_stand) ARROW_RETURN_NOT_OK(CountSplits(plan, &outlook));
    if (inputs_stand && manifest && ReadFrom(*manifest, plan) && DrawnBy(*manifest, plan)) {
      if (IsPlanned(plan)) {
        outlook.splits_total = static_cast<int64_t>(stage::PlanOperatorSplits(plan).size());
      }
      outlook.splits_committed = outlook.splits_total;
      outlook.rows = manifest->rows.written;
      committed_.AddStage(folder, *manifest);
      return outlook;
    }
    outlook.runs = true;
    ARROW_RETURN_NOT_OK(Explain(stage, plan, folder, &outlook));
    AddUnknown(stage.name);
    changed_[stage.name] = "runs again";
    return outlook;
  }

 private:
  void AddUnknown(const std::string& name) {
    stage::Manifest nothing;
    nothing.stage = name;
    committed_.AddStage("", nothing);
  }

  // Why it runs, beside its inputs: the config, then whether any run has finished it.
  Status Explain(const StageConfig& stage, const stage::OperatorPlan& plan,
                 const std::string& folder, StageOutlook* outlook) {
    const auto last = changes_.last_folders.find(stage.name);
    std::vector<StageReason>& reasons = outlook->reasons;
    if (last == changes_.last_folders.end()) {
      if (changes_.last_run.empty()) {
        reasons.insert(reasons.begin(), {"unfinished", "", "no run has finished it"});
      } else {
        reasons.insert(reasons.begin(), {"new", "", "it is new"});
      }
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const auto before, ManifestAt(store_, last->second + "/manifest.json"));
    if (!SameKey(last->second, folder) || (before && !DrawnBy(*before, plan))) {
      const auto phrases =
          StageDifferences(before_ ? &*before_ : nullptr, before ? *before : stage::Manifest(),
                           config_, stage, plan);
      reasons.insert(reasons.begin(), {"config", "", JoinPhrases(phrases)});
    }
    if (reasons.empty()) {
      reasons.push_back({"unfinished", "", "its results are not in the workspace"});
    }
    return Status::OK();
  }

  // What a mixture asks for is not in the key of the stage, so that what stays of its draws need
  // not be drawn again.
  static bool DrawnBy(const stage::Manifest& manifest, const stage::OperatorPlan& plan) {
    return manifest.draws == (plan.mixture ? stage::MixtureIdentity(*plan.mixture) : "");
  }

  // Whatever the generations of a stage that is built anew.
  static bool SameKey(const std::string& folder, const std::string& other) {
    const auto first = [](const std::string& of) {
      return of.substr(0, of.find('.', of.rfind('/')));
    };
    return first(folder) == first(other);
  }

  // Not before a run has measured the inputs of a mixture.
  static bool IsPlanned(const stage::OperatorPlan& plan) {
    return !plan.mixture || plan.mixture->order != nullptr;
  }

  // Of a chain that looks at rows alone; what others drop of a split only a run can tell.
  Status CountSplits(const stage::OperatorPlan& plan, StageOutlook* outlook) {
    if (!plan.chain->globals().empty() || !IsPlanned(plan)) return Status::OK();
    const std::string commits = stage::OperatorFolder(plan) + "/commits/";
    outlook->splits_total = outlook->splits_committed = 0;
    for (const stage::OperatorSplit& split : stage::PlanOperatorSplits(plan)) {
      ARROW_ASSIGN_OR_RAISE(const bool there, store_.Exists(commits + split.id + ".json"));
      ++outlook->splits_total;
      outlook->splits_committed += there ? 1 : 0;
    }
    return Status::OK();
  }

  // Whether the manifest is of these inputs, all of them, in this order.
  static bool ReadFrom(const stage::Manifest& manifest, const stage::OperatorPlan& plan) {
    auto input = manifest.inputs.begin();
    for (const stage::StageInput& from : plan.inputs) {
      for (const io::DataFile& shard : from.shards) {
        if (input == manifest.inputs.end() || input->source != from.name ||
            input->path != shard.path || input->sha256 != shard.sha256) {
          return false;
        }
        ++input;
      }
    }
    return input == manifest.inputs.end();
  }

  // Whether its rows are of these sources, in this order: a config with others reads the table
  // anew.
  bool IsOfSources(const stage::Manifest& manifest, size_t table) const {
    auto input = manifest.inputs.begin();
    for (size_t i = 0; i < config_.sources.size(); ++i) {
      if (static_cast<size_t>(tables_.of_source[i]) != table) continue;
      while (input != manifest.inputs.end() && input->source == config_.sources[i].name) ++input;
    }
    return input == manifest.inputs.end();
  }

  Status LookAtTable(size_t index) {
    const contract::Contract& contract = tables_.contracts[index];
    const std::string folder = stage::IngestFolder(ingest_);
    ARROW_ASSIGN_OR_RAISE(auto manifest,
                          ManifestAt(store_, stage::ManifestKey(ingest_, contract.name)));
    if (manifest && !IsOfSources(*manifest, index)) manifest.reset();
    const bool compares = std::any_of(contract.columns.begin(), contract.columns.end(),
                                      [](const contract::Column& c) { return c.unique; });
    std::string first_changed;
    for (size_t i = 0; i < config_.sources.size(); ++i) {
      if (static_cast<size_t>(tables_.of_source[i]) != index) continue;
      const std::string& name = config_.sources[i].name;
      const std::string why =
          manifest ? FilesChanged(*manifest, ingest_.sources[i].files) : WhyUnread(contract.name);
      if (why.empty()) continue;
      changed_[name] = why;
      if (first_changed.empty()) first_changed = name;
    }
    for (size_t i = 0; compares && !first_changed.empty() && i < config_.sources.size(); ++i) {
      if (static_cast<size_t>(tables_.of_source[i]) != index) continue;
      changed_.emplace(config_.sources[i].name, "`" + first_changed +
                                                    "` changed, and `unique` compares the rows "
                                                    "of both");
    }
    if (manifest) {
      committed_.AddTable(config_, contract.name, folder, *manifest);
      return Status::OK();
    }
    for (const SourceConfig& source : config_.sources) {
      if (source.contract == contract.name) AddUnknown(source.name);
    }
    return Status::OK();
  }

  std::string WhyUnread(const std::string& table) const {
    const auto last = changes_.last_folders.find("ingest/" + table);
    if (last != changes_.last_folders.end() && last->second != stage::IngestFolder(ingest_)) {
      return "is read anew: its contract or its source changed";
    }
    return "is not read yet";
  }

  std::string FilesChanged(const stage::Manifest& manifest,
                           const source::FileSource& source) const {
    std::map<std::string, std::string> before;
    for (const stage::InputFile& input : manifest.inputs) {
      if (input.source == source.name) before[input.path] = input.sha256;
    }
    int64_t added = 0, changed = 0;
    for (const io::FileInfo& file : source.files) {
      const auto old = before.find(file.key);
      const auto now = changes_.sha256.find(source.name + "/" + file.key);
      if (old == before.end()) {
        ++added;
      } else {
        changed += now == changes_.sha256.end() || now->second != old->second;
        before.erase(old);
      }
    }
    std::vector<std::string> phrases;
    if (added > 0) phrases.push_back(FormatCounted(added, "file") + " added");
    if (changed > 0) phrases.push_back(FormatCounted(changed, "file") + " changed");
    const auto removed = static_cast<int64_t>(before.size());
    if (removed > 0) phrases.push_back(FormatCounted(removed, "file") + " removed");
    return JoinPhrases(phrases);
  }

  const PipelineConfig& config_;
  const stage::IngestPlan& ingest_;
  const TableContracts& tables_;
  const PlanChanges& changes_;
  io::Store& store_;
  std::optional<PipelineConfig> before_;
  CommittedRows committed_;
  std::map<std::string, std::string> changed_;  // by source or stage: what is other than it was
};

}  // namespace

Result<std::vector<StageOutlook>> FindStageOutlooks(
    const PipelineConfig& config, const stage::IngestPlan& ingest, const TableContracts& tables,
    const std::vector<StageChain>& chains, const PlanChanges& changes, io::Store& workspace) {
  std::vector<StageOutlook> outlooks;
  if (config.stages.empty()) return outlooks;
  OutlookFinder finder(config, ingest, tables, changes, workspace);
  ARROW_RETURN_NOT_OK(finder.LookAtIngest());
  for (size_t i = 0; i < config.stages.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(outlooks.emplace_back(), finder.LookAt(config.stages[i], chains[i]));
  }
  return outlooks;
}

}  // namespace millrace::pipeline
