#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/release.h"

namespace millrace::cli {

void AddApprove(CLI::App& app, Session& session) {
  struct Arguments {
    std::string path;
    ApproveOptions options;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("approve", "Sign off a release, beside it");
  command
      ->add_option("release", arguments->path,
                   "A release, an export's folder (its latest), a run's folder, or a workspace")
      ->option_text("FOLDER")
      ->required();
  command->add_option("--by", arguments->options.by, "Who approves")
      ->option_text("NAME")
      ->required();
  command
      ->add_option("--note", arguments->options.note,
                   "Why; needed where the card says that it is not fit")
      ->option_text("TEXT");
  SetExamples(*command,
              "millrace approve out/corpus --by \"Ana Silva\"                # the latest release\n"
              "millrace approve workspace/runs/0f3a21bc9d4e.1 --by Ana     # all that a run made\n"
              "millrace approve out/corpus --by Ana --note \"for the pilot\"  # although not fit");
  command->callback([&session, arguments] {
    session.action = [&session, arguments] {
      const Result<std::string> approved = ApproveReleases(arguments->path, arguments->options);
      if (!approved.ok()) return Fail(session, approved.status());
      PrintOut(session.json ? *approved + "\n" : RenderApprovals(*approved));
      return 0;
    };
  });
}

}  // namespace millrace::cli
