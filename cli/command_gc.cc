#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/quantity.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "millrace/workspace.h"

namespace millrace::cli {
namespace {

int Gc(const Session& session, const std::string& workspace, bool dry_run) {
  const Result<GcResult> result = CollectGarbage(workspace, dry_run);
  if (!result.ok()) return Fail(session, result.status());
  if (session.json) {
    const nlohmann::ordered_json json = {{"dry_run", dry_run},
                                         {"files", result->removed.size()},
                                         {"bytes", result->bytes},
                                         {"removed", result->removed}};
    PrintOut(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return 0;
  }
  for (const std::string& key : result->removed) PrintOut("  " + SafeText(key, false) + "\n");
  if (result->removed.empty()) {
    PrintOut("nothing to remove\n");
  } else {
    PrintOut(FormatCounted(static_cast<int64_t>(result->removed.size()), "file") + ", " +
             FormatByteSize(result->bytes) + (dry_run ? " would be removed\n" : " removed\n"));
  }
  return 0;
}

}  // namespace

void AddGc(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  auto dry_run = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("gc", "Remove what no run needs");
  command->add_option("workspace", *path, "The workspace's folder")
      ->option_text("FOLDER")
      ->required();
  command->add_flag("--dry-run", *dry_run, "Only list what would be removed");
  SetExamples(
      *command,
      "millrace gc workspace --dry-run  # look first\n"
      "millrace gc workspace            # leftovers of killed runs, stages nobody refers to");
  command->callback([&session, path, dry_run] {
    session.action = [&session, path, dry_run] { return Gc(session, *path, *dry_run); };
  });
}

}  // namespace millrace::cli
