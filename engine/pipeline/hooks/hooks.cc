#include "pipeline/hooks/hooks.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "pipeline/hooks/hook_command.h"
#include "pipeline/places.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;
using Kind = stage::StageEvent::Kind;

// What a program needs to find its way. The rest of the environment may hold secrets: a hook gets
// of it what its `env` names.
constexpr const char* kHandedOn[] = {"PATH", "HOME",   "USER", "LOGNAME", "SHELL",
                                     "LANG", "LC_ALL", "TZ",   "TMPDIR"};

std::vector<std::string> EnvironmentOf(const HookConfig& hook) {
  std::vector<std::string> environment;
  const auto add = [&](const std::string& name) {
    if (const char* value = std::getenv(name.c_str())) environment.push_back(name + '=' + value);
  };
  for (const char* name : kHandedOn) add(name);
  for (const std::string& name : hook.env) add(name);
  return environment;
}

std::string MomentOf(const stage::StageEvent& event) {
  switch (event.kind) {
    case Kind::kStart:
      return "at the start of stage `" + event.stage + '`';
    case Kind::kPartitionEnd:
      return "after a split of stage `" + event.stage + '`';
    case Kind::kEnd:
      break;
  }
  return "at the end of stage `" + event.stage + '`';
}

Json RowsJson(const stage::RowEquation& rows) {
  return {{"read", rows.read},          {"derived", rows.derived},   {"repeated", rows.repeated},
          {"written", rows.written},    {"rejected", rows.rejected}, {"expanded", rows.expanded},
          {"not_drawn", rows.not_drawn}};
}

std::string EventJson(const PipelineConfig& config, const std::string& run_folder,
                      const stage::StageEvent& event) {
  Json json = {{"event", std::string(EventName(event.kind))},
               {"pipeline", config.name},
               {"workspace", ShownPlace(config.workspace, config.base_dir)},
               {"run", run_folder},
               {"stage", event.stage},
               {"splits", event.splits}};
  if (event.kind == Kind::kPartitionEnd) json["split"] = event.split;
  if (event.kind != Kind::kStart) json["rows"] = RowsJson(event.rows);
  if (event.kind == Kind::kEnd) {
    json["splits_skipped"] = event.skipped;
    json["manifests"] = event.manifests;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

const std::vector<HookConfig>& HooksOf(const HooksConfig& hooks, Kind kind) {
  switch (kind) {
    case Kind::kStart:
      return hooks.on_stage_start;
    case Kind::kPartitionEnd:
      return hooks.on_partition_end;
    case Kind::kEnd:
      break;
  }
  return hooks.on_stage_end;
}

}  // namespace

std::string_view EventName(Kind kind) {
  switch (kind) {
    case Kind::kStart:
      return "stage_start";
    case Kind::kPartitionEnd:
      return "partition_end";
    case Kind::kEnd:
      break;
  }
  return "stage_end";
}

Hooks::Hooks(const PipelineConfig& config, std::string run_folder, Options options)
    : config_(config), run_folder_(std::move(run_folder)), options_(std::move(options)) {}

Status Hooks::Tell(const stage::StageEvent& event) {
  const std::vector<HookConfig>& hooks = HooksOf(config_.hooks, event.kind);
  if (hooks.empty() && !options_.observer) return Status::OK();
  const std::string json = EventJson(config_, run_folder_, event);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (options_.observer) options_.observer(json);
  for (const HookConfig& hook : hooks) {
    ARROW_RETURN_NOT_OK(Run(hook, MomentOf(event), json));
  }
  return Status::OK();
}

Status Hooks::Run(const HookConfig& hook, const std::string& moment, const std::string& json) {
  HookCommand command;
  command.argv = hook.run;
  command.environment = EnvironmentOf(hook);
  command.folder = config_.base_dir;
  command.input = json;
  command.timeout_seconds = static_cast<double>(hook.timeout_seconds);
  command.cancelled = options_.cancelled;
  const Status status = RunHookCommand(command);
  if (status.IsCancelled()) return status;
  const std::string& name = hook.run.front();
  if (status.ok()) {
    if (options_.event) options_.event("hook_done", {{"hook", name}, {"message", moment}});
    return status;
  }
  const std::string message =
      "the hook `" + name + "` " + moment + ' ' + DiagnosticsOf(status).front().message;
  if (options_.event) options_.event("hook_failed", {{"hook", name}, {"message", message}});
  if (!hook.required) {
    Log(LogLevel::kWarning, "hook_failed", {{"message", message}});
    return Status::OK();
  }
  return MakeError(ErrorCode::kHookFailed, message,
                   "what is committed stays, and running again goes on from there");
}

}  // namespace millrace::pipeline
