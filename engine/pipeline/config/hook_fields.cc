#include "pipeline/config/hook_fields.h"

namespace millrace::pipeline {
namespace {

using T = FieldType;

constexpr int64_t kHooksMax = 100, kArgumentsMax = 1'000, kTimeoutMax = 24 * 3600;

const ObjectSpec& HookSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "hook",
      .doc = "A command that gets an event as JSON on its stdin.",
      .fields = {
          {.key = "run",
           .type = T::kTexts,
           .doc = "The command and its arguments, one text each; no shell reads them. It starts in "
                  "the config's folder.",
           .required = true,
           .min = 1,
           .max = kArgumentsMax},
          {.key = "required",
           .type = T::kBool,
           .doc = "Its failure ends the run; otherwise it is only reported.",
           .fallback = "false"},
          {.key = "timeout_seconds",
           .type = T::kInteger,
           .doc = "How long it may take before it is ended, which counts as a failure.",
           .fallback = "60",
           .min = 1,
           .max = kTimeoutMax},
          {.key = "env",
           .type = T::kTexts,
           .doc = "Names of variables that it gets from the environment, beside PATH, HOME, USER, "
                  "LOGNAME, SHELL, LANG, LC_ALL, TZ and TMPDIR.",
           .max = kHooksMax,
           .allow_single = true},
      }};
  return *spec;
}

Field Moment(const char* key, const char* doc) {
  return {.key = key, .type = T::kObjects, .doc = doc, .max = kHooksMax, .object = &HookSpec()};
}

std::vector<HookConfig> BuildList(const ConfigValue& hooks, const char* key) {
  std::vector<HookConfig> list;
  const ConfigValue* value = hooks.Find(key);
  if (value == nullptr) return list;
  for (const ConfigValue& item : value->items) {
    if (item.kind != ConfigValue::Kind::kObject) continue;
    HookConfig& hook = list.emplace_back();
    hook.run = item.Texts("run");
    hook.required = item.Bool("required");
    hook.timeout_seconds = item.Integer("timeout_seconds");
    hook.env = item.Texts("env");
  }
  return list;
}

}  // namespace

const ObjectSpec& HooksSpec() {
  static const auto* spec =
      new ObjectSpec{.name = "hooks",
                     .doc = "Commands that are told how stages come on.",
                     .fields = {
                         Moment("on_stage_start", "When a stage begins, ingest too."),
                         Moment("on_partition_end", "When a split of a stage has been committed."),
                         Moment("on_stage_end", "When the manifest of a stage is written."),
                     }};
  return *spec;
}

HooksConfig BuildHooks(const ConfigValue& hooks) {
  return {BuildList(hooks, "on_stage_start"), BuildList(hooks, "on_partition_end"),
          BuildList(hooks, "on_stage_end")};
}

}  // namespace millrace::pipeline
