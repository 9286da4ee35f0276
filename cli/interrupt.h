// SIGINT and SIGTERM ask a run to stop at the next safe point; the second one ends the process.
#pragma once

#include <atomic>

namespace millrace::cli {

/// Installs the handlers and returns the flag they set.
const std::atomic<bool>* CancelOnInterrupt();

}  // namespace millrace::cli
