// The hooks of a config while a run goes on: each event of a stage as JSON (docs/hooks.md) on the
// stdin of the commands that ask for it. They observe; the only thing that one can do is to end the
// run, where the config says that it is required.
//
// Thread-safety: Tell may be called from any thread; commands run one at a time.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "pipeline/config/pipeline_config.h"
#include "stage/stage_event.h"

namespace millrace::pipeline {

class Hooks {
 public:
  using Fields = std::map<std::string, std::string>;
  struct Options {
    const std::atomic<bool>* cancelled = nullptr;                  // may be null
    std::function<void(const std::string&, const Fields&)> event;  // the attempt log; may be null
    std::function<void(const std::string& json)> observer;         // may be null
  };
  Hooks(const PipelineConfig& config, std::string run_folder, Options options);

  /// HookFailed when a required one fails; Cancelled.
  Status Tell(const stage::StageEvent& event);

 private:
  Status Run(const HookConfig& hook, const std::string& moment, const std::string& json);

  const PipelineConfig& config_;
  std::string run_folder_;
  Options options_;
  std::mutex mutex_;
};

/// "stage_start", "partition_end", "stage_end".
std::string_view EventName(stage::StageEvent::Kind kind);

}  // namespace millrace::pipeline
