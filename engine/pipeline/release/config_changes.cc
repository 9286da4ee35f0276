#include "pipeline/release/config_changes.h"

#include <map>

#include "pipeline/config/tree.h"

namespace millrace::pipeline {
namespace {

using Leaves = std::vector<std::pair<std::string, std::string>>;

void Flatten(const ConfigNode& node, const std::string& path, Leaves* leaves) {
  switch (node.kind) {
    case ConfigNode::Kind::kEmpty:
      return;
    case ConfigNode::Kind::kScalar:
      leaves->emplace_back(path, node.text.empty() ? "\"\"" : node.text);
      return;
    case ConfigNode::Kind::kSequence: {
      std::string list;
      for (const ConfigNode& item : node.items) list += (list.empty() ? "" : ", ") + item.text;
      leaves->emplace_back(path, "[" + list + "]");
      return;
    }
    case ConfigNode::Kind::kMap:
      if (node.entries.empty()) leaves->emplace_back(path, "{}");
      for (const ConfigEntry& entry : node.entries) {
        Flatten(entry.value, path.empty() ? entry.key : path + "." + entry.key, leaves);
      }
  }
}

Leaves LeavesOf(const std::string& text) {
  Leaves leaves;
  Flatten(ParseConfigTree(text, "").root, "", &leaves);
  return leaves;
}

}  // namespace

std::vector<ConfigChange> CompareConfigs(const std::string& before, const std::string& after) {
  const Leaves old = LeavesOf(before);
  std::map<std::string, std::string> left(old.begin(), old.end());
  std::vector<ConfigChange> changes;
  for (const auto& [path, value] : LeavesOf(after)) {
    const auto found = left.find(path);
    const std::string was = found == left.end() ? "" : found->second;
    if (was != value) changes.push_back({path, was, value});
    if (found != left.end()) left.erase(found);
  }
  for (const auto& [path, value] : old) {
    if (left.count(path) > 0) changes.push_back({path, value, ""});
  }
  return changes;
}

}  // namespace millrace::pipeline
