// The help text of the program and of each command.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace millrace::cli {

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace millrace::cli
