#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/workspace.h"

namespace millrace::cli {

void AddStatus(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("status", "List the runs of a workspace");
  command->add_option("workspace", *path, "The workspace's folder")
      ->option_text("FOLDER")
      ->required();
  SetExamples(*command, "millrace status workspace  # runs, the newest first, and their state");
  command->callback([&session, path] {
    session.action = [&session, path] {
      const Result<std::string> status = WorkspaceStatus(*path);
      if (!status.ok()) return Fail(session, status.status());
      PrintOut(session.json ? *status + "\n" : RenderStatus(*status));
      return 0;
    };
  });
}

}  // namespace millrace::cli
