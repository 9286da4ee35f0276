#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/onboarding.h"

namespace millrace::cli {
namespace {

int Check(const Session& session, CheckOptions options) {
  Result<std::map<std::string, std::string>> params = session.Params();
  if (!params.ok()) return Fail(session, params.status());
  options.params = *std::move(params);
  const Result<CheckResult> result = CheckFile(options);
  if (!result.ok()) return Fail(session, result.status());
  PrintOut(session.json ? result->json + "\n" : RenderCheck(result->json));
  return result->accepted() ? 0 : ExitCodeOf(MakeError(ErrorCode::kRejectBudget, ""));
}

}  // namespace

void AddCheck(CLI::App& app, Session& session) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("check", "Check a data file against a contract");
  command->add_option("file", options->file, "A data file (also compressed), a pattern or a URL")
      ->option_text("FILE")
      ->required();
  command->add_option("--contract", options->contract, "A config, or a file with a contract alone")
      ->option_text("FILE")
      ->required();
  command->add_option("--table", options->table, "Which contract, if there are several")
      ->option_text("NAME");
  command->add_option("--source", options->source, "As which source of the config it is read")
      ->option_text("NAME");
  command->add_option("--set", session.sets, "Set a parameter of the config; repeatable")
      ->option_text("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  SetExamples(*command,
              "millrace check new.csv --contract pipeline.yaml            # exit code 3: rejected\n"
              "millrace check new.csv --contract contract.proposed.yaml   # a contract alone\n"
              "millrace check a.jsonl --contract p.yaml --table tickets   # one of several\n"
              "millrace check new.csv --contract pipeline.yaml --json     # for a pipeline of CI");
  command->callback([&session, options] {
    session.action = [&session, options] { return Check(session, *options); };
  });
}

}  // namespace millrace::cli
