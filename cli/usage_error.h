// A wrong command line, said the way the engine says problems: code, message, suggestion.
#pragma once

#include "base/status.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace millrace::cli {

Status UsageError(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv);

}  // namespace millrace::cli
