#include <CLI/CLI.hpp>
#include <memory>

#include "base/quantity.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/progress_line.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "millrace/pipeline.h"

namespace millrace::cli {
namespace {

struct Arguments {
  std::string path, stage, memory;
  int threads = 0;
  bool wait = false;
};

// `keep.min=0.5` is a threshold, `dt=2026-11-21` a parameter of the config: those have no dot.
Result<RunResult> Rethreshold(const Session& session, const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto sets, session.Params());
  LoadOptions load;
  RunOptions options;
  options.rethreshold = arguments.stage;
  for (const auto& [name, value] : sets) {
    (name.find('.') == std::string::npos ? load.params : options.thresholds)[name] = value;
  }
  options.threads = arguments.threads;
  options.wait = arguments.wait;
  if (!arguments.memory.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.memory_bytes, ParseByteSize(arguments.memory));
  }
  options.cancelled = CancelOnInterrupt();
  ProgressLine line(session.quiet);
  options.on_progress = [&line](const RunProgress& progress) { line.Show(progress); };
  ARROW_ASSIGN_OR_RAISE(auto pipeline, LoadPipeline(arguments.path, load));
  Result<RunResult> result = RunPipeline(*pipeline, options);
  line.Clear();
  return result;
}

int Report(const Session& session, const Arguments& arguments, const Result<RunResult>& result) {
  if (result.status().IsCancelled()) {
    PrintErr("interrupted; what is committed stays, the same command goes on\n");
    return 130;
  }
  if (!result.ok()) return Fail(session, result.status());
  PrintOut(session.json ? result->ToJson() + "\n" : RenderRun(*result));
  if (session.quiet || session.json) return 0;
  PrintErr("stage `" + arguments.stage + "`: " + FormatCounted(result->splits_taken_over, "split") +
           " made of what was stored; " + ShownPath(arguments.path) +
           " is as it was: write the thresholds into it to keep them\n" + RenderPace(*result));
  return 0;
}

}  // namespace

void AddRethreshold(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "rethreshold", "Run with other thresholds, from the measures that a stage has stored");
  AddPipelineOptions(*command, session, arguments->path);
  command
      ->add_option("stage", arguments->stage,
                   "The stage whose filters with `action: tag` get other parameters")
      ->option_text("STAGE")
      ->required();
  command->add_option("--threads", arguments->threads, "Threads to use (default: all CPUs)")
      ->check(CLI::Range(1, kThreadsMax))
      ->option_text("N");
  command->add_option("--memory", arguments->memory, "Memory to stay under, for example 512MiB")
      ->option_text("SIZE");
  command->add_flag("--wait", arguments->wait, "Wait for another run in the workspace");
  SetExamples(*command,
              "millrace rethreshold pipeline.yaml quality --set keep.min=0.7\n"
              "millrace rethreshold pipeline.yaml quality --set keep.min=0.7 --set long.max=900");
  command->callback([&session, arguments] {
    session.action = [&session, arguments] {
      return Report(session, *arguments, Rethreshold(session, *arguments));
    };
  });
}

}  // namespace millrace::cli
