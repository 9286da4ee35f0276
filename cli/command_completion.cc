#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/completion.h"

namespace millrace::cli {

void AddCompletion(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->option_text("SHELL")
      ->required();
  SetExamples(*command,
              "source <(millrace completion bash)                                   # this shell\n"
              "millrace completion fish > ~/.config/fish/completions/millrace.fish  # for good");
  command->callback([&app, &session, shell] {
    session.action = [&app, shell] {
      PrintOut(CompletionScript(app, *shell));
      return 0;
    };
  });
}

}  // namespace millrace::cli
