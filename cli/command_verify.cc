#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/quantity.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "millrace/workspace.h"

namespace millrace::cli {
namespace {

int VerifyPath(const Session& session, const std::string& path) {
  const Result<VerifyResult> result = Verify(path);
  if (!result.ok()) return Fail(session, result.status());
  const bool whole = result->problems.empty();
  const int code = whole ? 0 : ExitCodeOf(MakeError(ErrorCode::kWorkspaceDamaged, ""));
  if (session.json) {
    const nlohmann::ordered_json json = {{"ok", whole},
                                         {"kind", result->kind},
                                         {"files_checked", result->files_checked},
                                         {"bytes_checked", result->bytes_checked},
                                         {"problems", result->problems}};
    PrintOut(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return code;
  }
  for (const std::string& problem : result->problems) {
    PrintErr("error " + FormatErrorCode(ErrorCode::kWorkspaceDamaged) + ": " +
             SafeText(problem, false) + "\n");
  }
  const std::string checked =
      FormatCounted(result->files_checked, "file") + ", " + FormatByteSize(result->bytes_checked);
  if (whole) {
    PrintOut(checked + ": every hash is right\n");
  } else {
    PrintErr(
        FormatCounted(static_cast<int64_t>(result->problems.size()), "problem") + " in " + checked +
        (result->kind == "release"
             ? "\n  help: remove the folder of the release; `millrace run` writes it anew\n"
             : "\n  help: `millrace run` computes damaged splits anew; releases are kept as they "
               "are\n"));
  }
  return code;
}

}  // namespace

void AddVerify(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("verify", "Check every hash in a workspace or a release");
  command->add_option("path", *path, "A workspace, an export's folder, or a release")
      ->option_text("FOLDER")
      ->required();
  SetExamples(*command,
              "millrace verify workspace   # names every file that is missing or damaged\n"
              "millrace verify out/corpus  # the same of the release that LATEST.json names");
  command->callback([&session, path] {
    session.action = [&session, path] { return VerifyPath(session, *path); };
  });
}

}  // namespace millrace::cli
