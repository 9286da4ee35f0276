#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/release.h"

namespace millrace::cli {

void AddDiff(CLI::App& app, Session& session) {
  struct Arguments {
    std::string before, after;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("diff", "Compare two runs, or the cards of two releases");
  command->add_option("before", arguments->before, "A run's folder, a workspace, or a release")
      ->option_text("BEFORE")
      ->required();
  command->add_option("after", arguments->after, "What to compare with it")
      ->option_text("AFTER")
      ->required();
  SetExamples(*command,
              "millrace diff ws/runs/0f3a21bc9d4e.1 ws/runs/77ab01cd23ef.1  # rows by fate, too\n"
              "millrace diff out/corpus/1a2b3c4d5e6f7a8b out/corpus         # by their cards");
  command->callback([&session, arguments] {
    session.action = [&session, arguments] {
      const Result<std::string> diff = DiffRuns(arguments->before, arguments->after);
      if (!diff.ok()) return Fail(session, diff.status());
      PrintOut(session.json ? *diff + "\n" : RenderDiff(*diff));
      return 0;
    };
  });
}

}  // namespace millrace::cli
