// What every command shares: the options that stand for all of them, and where text goes.
//
// Results go to stdout, everything else to stderr. A command's callback only stores `action`;
// main() runs it once the whole command line is known to be right.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace CLI {
class App;
}

namespace millrace::cli {

struct Session {
  bool json = false;
  bool quiet = false;
  bool log_json = false;
  std::string log_level = "warning";
  std::vector<std::string> sets;  // --set name=value
  int64_t at_step = -1;           // --at-step; -1: as the config says
  std::function<int()> action;    // returns the exit code

  /// The --set options as a map. Usage when one has no `=`.
  Result<std::map<std::string, std::string>> Params() const;
};

/// Prints the problem to stderr (with --json also as JSON on stdout) and returns its exit code.
int Fail(const Session& session, const Status& status);
void PrintOut(const std::string& text);
void PrintErr(const std::string& text);

/// --json, --quiet, --log-level and --log-json.
void AddCommonOptions(CLI::App& app, Session& session);
/// PIPELINE, --set and --at-step, for the commands that load a config.
void AddPipelineOptions(CLI::App& app, Session& session, std::string& path);
/// Lines of "command  # what it does", shown under the help.
void SetExamples(CLI::App& app, const std::string& examples);

}  // namespace millrace::cli
