// A command with a text on its stdin, run to its end, without a shell.
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::pipeline {

struct HookCommand {
  std::vector<std::string> argv;         // argv[0] is looked for on PATH, or has a slash
  std::vector<std::string> environment;  // "NAME=value"
  std::string folder;                    // where it starts
  std::string input;                     // on its stdin
  double timeout_seconds = 60;
  const std::atomic<bool>* cancelled = nullptr;  // may be null
};

/// OK when it ended with code 0. Its stdout goes to stderr: a door's stdout is the door's own. It
/// is ended, with whatever it has started, when the time is up or the run is cancelled. IoFailed
/// when it cannot be started, ends otherwise, or takes too long, in words for behind the hook's
/// name ("ended with code 1"); Cancelled.
Status RunHookCommand(const HookCommand& command);

}  // namespace millrace::pipeline
