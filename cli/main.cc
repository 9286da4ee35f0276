// The command line: options in, one action, an exit code out.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/build_info.h"
#include "base/log.h"
#include "base/process_memory.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/usage_error.h"

namespace millrace::cli {
namespace {

std::string VersionText() {
  return "millrace " + std::string(Version()) + "\ncommit   " + std::string(CodeVersion()) +
         "\narrow    " + ArrowVersion() + "\n";
}

void ApplyLogOptions(const Session& session) {
  LogOptions options;
  options.json = session.log_json;
  if (session.log_level == "debug") options.level = LogLevel::kDebug;
  if (session.log_level == "info") options.level = LogLevel::kInfo;
  if (session.log_level == "error") options.level = LogLevel::kError;
  ConfigureLog(options);
}

void BuildCommandLine(CLI::App& app, Session& session) {
  app.name("millrace");
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", VersionText(), "Show version, commit and Arrow version");
  AddCommonOptions(app, session);
  SetExamples(app,
              "millrace init --from data/         # a first config for data\n"
              "millrace validate pipeline.yaml    # all problems of a config at once\n"
              "millrace plan pipeline.yaml        # what a run would do\n"
              "millrace run pipeline.yaml         # do it; run again to resume\n"
              "millrace inspect data.csv.gz       # what is in a file");
  AddInit(app, session);
  AddValidate(app, session);
  AddPlan(app, session);
  AddPreview(app, session);
  AddRun(app, session);
  AddRethreshold(app, session);
  AddInspect(app, session);
  AddCheck(app, session);
  AddStatus(app, session);
  AddVerify(app, session);
  AddGc(app, session);
  AddDoctor(app, session);
  AddExplain(app, session);
  AddOperators(app, session);
  AddApprove(app, session);
  AddReleases(app, session);
  AddDiff(app, session);
  AddTrace(app, session);
  AddSchema(app, session);
  AddCompletion(app, session);
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    AddCommonOptions(*command, session);
  }
}

int Main(int argc, char** argv) {
  ConfigureProcessMemory();
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, found at the end
  CLI::App app("Turns raw, messy data into data a model can be trained on.");
  Session session;
  BuildCommandLine(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto active = app.get_subcommands();
    PrintOut((active.empty() ? &app : active.front())->help());
    return 0;
  } catch (const CLI::CallForVersion& version) {
    PrintOut(version.what());
    return 0;
  } catch (const CLI::ParseError& error) {
    return Fail(session, UsageError(app, error, argc, argv));
  }
  ApplyLogOptions(session);
  const int code = session.action();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return code == 0 ? ExitCodeOf(MakeError(ErrorCode::kIoFailed, "")) : code;
  }
  return code;
}

}  // namespace
}  // namespace millrace::cli

int main(int argc, char** argv) {
  try {
    return millrace::cli::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "millrace: error MR9001: %s\n", error.what());
    return 1;
  }
}
