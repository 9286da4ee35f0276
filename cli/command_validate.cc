#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "millrace/pipeline.h"

namespace millrace::cli {
namespace {

Status Validate(const Session& session, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto params, session.Params());
  ARROW_ASSIGN_OR_RAISE(auto pipeline, LoadPipeline(path, {std::move(params), session.at_step}));
  return ValidatePipeline(*pipeline);
}

}  // namespace

void AddValidate(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("validate", "Check a config and the data it names");
  AddPipelineOptions(*command, session, *path);
  SetExamples(*command,
              "millrace validate pipeline.yaml                      # all problems at once\n"
              "millrace validate pipeline.yaml --set dt=2026-11-21  # with a parameter set\n"
              "millrace validate pipeline.yaml --json               # problems for an editor");
  command->callback([&session, path] {
    session.action = [&session, path] {
      const Status status = Validate(session, *path);
      if (!status.ok()) return Fail(session, status);
      PrintOut(session.json ? "{\n  \"ok\": true\n}\n" : ShownPath(*path) + " is valid\n");
      return 0;
    };
  });
}

}  // namespace millrace::cli
