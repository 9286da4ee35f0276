#include "cli/help.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "cli/terminal.h"

namespace millrace::cli {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string OptionName(const CLI::Option& option) {
  std::string name =
      option.get_positional() ? option.get_option_text() : option.get_name(false, true);
  const size_t comma = name.find(',');
  if (comma != std::string::npos) name.insert(comma + 1, " ");
  if (option.get_positional()) return name.empty() ? option.get_name(true) : name;
  if (name.rfind("--", 0) == 0) name = "    " + name;
  if (option.get_items_expected_max() == 0) return name;
  return name + " " + (option.get_option_text().empty() ? "VALUE" : option.get_option_text());
}

std::string Section(const std::string& title, const Rows& rows) {
  if (rows.empty()) return "";
  int width = 0;
  for (const auto& row : rows) width = std::max(width, DisplayWidth(row.first));
  std::string out = "\n" + Styled(Style::kBold, title) + "\n";
  for (const auto& row : rows) {
    const std::string gap(static_cast<size_t>(width - DisplayWidth(row.first)) + 2, ' ');
    out += "  " + row.first + gap + row.second + "\n";
  }
  return out;
}

std::string Usage(const CLI::App& app) {
  std::string usage = app.get_parent() == nullptr
                          ? app.get_name()
                          : app.get_parent()->get_name() + " " + app.get_name();
  if (app.get_parent() == nullptr) return usage + " COMMAND [OPTIONS]";
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    usage += option->get_required() ? " " + OptionName(*option) : " [" + OptionName(*option) + "]";
  }
  return usage + " [OPTIONS]";
}

// "command  # what it does", one per line, with the remarks in one column.
std::string Examples(const std::string& footer) {
  if (footer.empty()) return "";
  Rows rows;
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find("  #");
    const size_t end = line.find_last_not_of(' ', at == std::string::npos ? line.size() : at);
    rows.emplace_back(line.substr(0, end + 1),
                      at == std::string::npos ? "" : Styled(Style::kDim, line.substr(at + 2)));
  }
  return Section("Examples", rows);
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
  std::string out =
      app->get_description() + "\n\n" + Styled(Style::kBold, "Usage") + "\n  " + Usage(*app) + "\n";
  Rows commands;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    commands.emplace_back(command->get_name(), command->get_description());
  }
  out += Section("Commands", commands);
  Rows arguments, options, common;
  for (const CLI::Option* option : app->get_options()) {
    Rows& rows = option->get_positional()                  ? arguments
                 : option->get_group() == "Common options" ? common
                                                           : options;
    rows.emplace_back(OptionName(*option), option->get_description());
  }
  out += Section("Arguments", arguments) + Section("Options", options) +
         Section("Common options", common) + Examples(app->get_footer());
  if (!commands.empty()) out += "\n`millrace COMMAND --help` tells more about a command.\n";
  return out;
}

}  // namespace millrace::cli
