// What operators need beside their parameters and find in files. This room opens none: whoever
// binds instances hands them in, and their hashes are part of what the instances are.
//
// Thread-safety: any thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/host_operator.h"
#include "base/status.h"

struct millrace_plugin_table;

namespace millrace::op {

/// A shared library that stays loaded, with its table looked at and found to be whole.
struct PluginLibrary {
  const millrace_plugin_table* table = nullptr;
  std::string sha256;
  /// Instead of a table: an operator of the program around the engine.
  std::shared_ptr<const HostOperator> host = nullptr;
};

/// The content of a file.
struct FileContent {
  std::string bytes, sha256;
};

class Resources {
 public:
  virtual ~Resources() = default;
  /// `path`: as written in the config. Errors have no place yet.
  virtual Result<std::shared_ptr<const PluginLibrary>> LoadPlugin(
      const std::string& path) const = 0;
  /// An operator of the program around the engine, as it is now. UnknownReference when there is
  /// none, or when the program brings none along.
  virtual Result<std::shared_ptr<const HostOperator>> FindHostOperator(
      const std::string& entry) const = 0;
  virtual Result<std::shared_ptr<const FileContent>> ReadFile(const std::string& path,
                                                              int64_t bytes_max) const = 0;
};

}  // namespace millrace::op
