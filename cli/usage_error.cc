#include "cli/usage_error.h"

#include <CLI/CLI.hpp>

#include "base/diagnostic.h"

namespace millrace::cli {
namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::string HelpHint(const std::string& guess, const std::string& command) {
  const std::string hint = "`millrace " + command + (command.empty() ? "" : " ") + "--help` shows ";
  return (guess.empty() ? "" : guess + " ") + hint +
         (command.empty() ? "the commands" : "the options");
}

// "FILE", as the help names it.
std::string MissingArgument(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() && option->get_required() && option->count() == 0) {
      return option->get_option_text();
    }
  }
  return "another option";
}

}  // namespace

Status UsageError(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const auto active = app.get_subcommands();
  const CLI::App& scope = active.empty() ? app : *active.front();
  const std::string command = active.empty() ? "" : scope.get_name();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
      (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && active.empty())) {
    for (const std::string& word : app.remaining(true)) {
      if (word.rfind('-', 0) == 0 && word.size() > 1) {
        const std::string name = word.substr(0, word.find('='));
        return MakeError(ErrorCode::kUsage,
                         "there is no option `" + name + "`" +
                             (command.empty() ? "" : " for `millrace " + command + "`"),
                         HelpHint(DidYouMean(name, OptionNames(scope)), command));
      }
      if (command.empty()) {
        return MakeError(ErrorCode::kUsage, "there is no command `" + word + "`",
                         HelpHint(DidYouMean(word, CommandNames(app)), ""));
      }
      return MakeError(ErrorCode::kUsage,
                       "`" + word + "` is one argument too many for `millrace " + command + "`",
                       HelpHint("", command));
    }
  }
  if (active.empty()) {
    return MakeError(ErrorCode::kUsage, argc < 2 ? "a command is missing" : error.what(),
                     HelpHint("", ""));
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return MakeError(ErrorCode::kUsage,
                     "`millrace " + command + "` needs " + MissingArgument(scope),
                     HelpHint("", command));
  }
  return MakeError(ErrorCode::kUsage, error.what(), HelpHint("", command));
}

}  // namespace millrace::cli
