#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "millrace/release.h"

namespace millrace::cli {

void AddReleases(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("releases", "List releases, and who approved them");
  command->add_option("path", *path, "An export's folder, or a workspace")
      ->option_text("FOLDER")
      ->required();
  SetExamples(*command,
              "millrace releases out/corpus  # of one export, the newest first\n"
              "millrace releases workspace   # all that its runs published");
  command->callback([&session, path] {
    session.action = [&session, path] {
      const Result<std::string> releases = ListReleases(*path);
      if (!releases.ok()) return Fail(session, releases.status());
      PrintOut(session.json ? *releases + "\n" : RenderReleases(*releases));
      return 0;
    };
  });
}

}  // namespace millrace::cli
