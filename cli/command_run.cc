#include <CLI/CLI.hpp>
#include <cstdio>
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

struct RunArguments {
  std::string path, memory, metrics;
  int threads = 0;
  bool wait = false, offline = false, refetch = false;
  std::string until, from;
  std::vector<std::string> snapshots;
};

// A reader of the metrics never sees half a file.
Status WriteWhole(const std::string& path, const std::string& text) {
  const std::string aside = path + ".tmp";
  std::FILE* file = std::fopen(aside.c_str(), "w");
  if (file == nullptr) return ErrnoError(errno, "writing " + path);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if ((std::fclose(file) != 0) | !written) return ErrnoError(errno, "writing " + path);
  if (std::rename(aside.c_str(), path.c_str()) != 0) return ErrnoError(errno, "writing " + path);
  return Status::OK();
}

Result<RunResult> Run(const Session& session, const RunArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(auto params, session.Params());
  RunOptions options;
  options.threads = arguments.threads;
  options.wait = arguments.wait;
  options.offline = arguments.offline;
  options.refetch = arguments.refetch;
  options.until = arguments.until;
  options.from = arguments.from;
  for (const std::string& text : arguments.snapshots) {
    const size_t at = text.find('=');
    const std::string name = at == std::string::npos ? "" : text.substr(0, at);
    options.snapshots[name] = at == std::string::npos ? text : text.substr(at + 1);
  }
  if (!arguments.memory.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.memory_bytes, ParseByteSize(arguments.memory));
  }
  options.cancelled = CancelOnInterrupt();
  ProgressLine line(session.quiet);
  options.on_progress = [&line](const RunProgress& progress) { line.Show(progress); };
  ARROW_ASSIGN_OR_RAISE(auto pipeline,
                        LoadPipeline(arguments.path, {std::move(params), session.at_step}));
  Result<RunResult> result = RunPipeline(*pipeline, options);
  line.Clear();
  if (result.ok() && !arguments.metrics.empty()) {
    ARROW_RETURN_NOT_OK(WriteWhole(arguments.metrics, result->ToMetrics()));
  }
  return result;
}

int Report(const Session& session, const RunArguments& arguments, const Result<RunResult>& result) {
  if (result.status().IsCancelled()) {
    PrintErr("interrupted; what is committed stays, `millrace run " + ShownPath(arguments.path) +
             "` resumes\n");
    return 130;
  }
  if (!result.ok()) return Fail(session, result.status());
  PrintOut(session.json ? result->ToJson() + "\n" : RenderRun(*result));
  if (!result->until.empty() && !session.quiet && !session.json) {
    PrintErr("stopped after `" + result->until + "` as told; `millrace run " +
             ShownPath(arguments.path) + "` goes on\n");
  }
  // Times differ from run to run: they go to stderr, so that stdout is the same for the same data.
  if (!session.quiet && !session.json) PrintErr(RenderPace(*result));
  return 0;
}

}  // namespace

void AddRun(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand("run", "Run a pipeline, or resume it");
  AddPipelineOptions(*command, session, arguments->path);
  command->add_option("--threads", arguments->threads, "Threads to use (default: all CPUs)")
      ->check(CLI::Range(1, kThreadsMax))
      ->option_text("N");
  command->add_option("--memory", arguments->memory, "Memory to stay under, for example 512MiB")
      ->option_text("SIZE");
  command->add_flag("--wait", arguments->wait, "Wait for another run in the workspace");
  command->add_flag("--offline", arguments->offline,
                    "Replay the latest snapshots of APIs instead of fetching");
  command->add_option("--snapshot", arguments->snapshots, "Replay this snapshot of an API")
      ->option_text("[NAME=]ID");
  command->add_flag("--refetch", arguments->refetch,
                    "Fetch APIs anew instead of going on with an unfinished fetch");
  command->add_option("--until", arguments->until, "Stop when this stage is committed")
      ->option_text("STAGE");
  command
      ->add_option("--from", arguments->from, "Begin with this stage: those before are committed")
      ->option_text("STAGE");
  command->add_option("--metrics", arguments->metrics, "Write Prometheus metrics to this file")
      ->option_text("FILE");
  SetExamples(
      *command,
      "millrace run pipeline.yaml                             # or resume after a crash\n"
      "millrace run pipeline.yaml --threads 2 --memory 512MiB  # in a small place\n"
      "millrace run pipeline.yaml --set dt=2026-11-21          # with a parameter set\n"
      "millrace run pipeline.yaml --at-step 20000              # a curriculum's weights there\n"
      "millrace run pipeline.yaml --until quality              # no later stage, no export\n"
      "millrace run pipeline.yaml --json 2>run.log             # for a scheduler");
  command->callback([&session, arguments] {
    session.action = [&session, arguments] {
      return Report(session, *arguments, Run(session, *arguments));
    };
  });
}

}  // namespace millrace::cli
