// What differs between two configs in their canonical text.
#pragma once

#include <string>
#include <vector>

namespace millrace::pipeline {

struct ConfigChange {
  std::string path;           // "contract.columns.text.length.min"
  std::string before, after;  // "" where it is not written
};

/// By path, in the order of the later config, then what is gone. Lists of values are compared
/// whole, other lists by place: `messages[0].content`.
std::vector<ConfigChange> CompareConfigs(const std::string& before, const std::string& after);

}  // namespace millrace::pipeline
