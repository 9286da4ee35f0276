// Shell completion scripts, generated from the command line's own description.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace millrace::cli {

/// `shell` is bash, zsh or fish.
std::string CompletionScript(const CLI::App& app, const std::string& shell);

}  // namespace millrace::cli
