#include "pipeline/release/config_changes.h"

#include <algorithm>
#include <map>

#include "pipeline/config/tree.h"

namespace millrace::pipeline {
namespace {

using Leaves = std::vector<std::pair<std::string, std::string>>;

void FlattenList(const ConfigNode& node, const std::string& path, Leaves* leaves);

// Keys in which a path could be read another way stand in quotes.
std::string Joined(const std::string& path, const std::string& key) {
  const bool plain = !key.empty() && key.find_first_of(".[]\"") == std::string::npos;
  return (path.empty() ? "" : path + ".") + (plain ? key : '"' + key + '"');
}

void Flatten(const ConfigNode& node, const std::string& path, Leaves* leaves) {
  switch (node.kind) {
    case ConfigNode::Kind::kEmpty:
      return;
    case ConfigNode::Kind::kScalar:
      leaves->emplace_back(path, node.text.empty() ? "\"\"" : node.text);
      return;
    case ConfigNode::Kind::kSequence:
      FlattenList(node, path, leaves);
      return;
    case ConfigNode::Kind::kMap:
      if (node.entries.empty()) leaves->emplace_back(path, "{}");
      for (const ConfigEntry& entry : node.entries) {
        Flatten(entry.value, Joined(path, entry.key), leaves);
      }
  }
}

// A list of values is one leaf; what stands in a list of maps or lists has a path of its own.
void FlattenList(const ConfigNode& node, const std::string& path, Leaves* leaves) {
  const bool values = std::all_of(node.items.begin(), node.items.end(), [](const auto& item) {
    return item.kind == ConfigNode::Kind::kScalar;
  });
  if (!values) {
    for (size_t i = 0; i < node.items.size(); ++i) {
      Flatten(node.items[i], path + "[" + std::to_string(i) + "]", leaves);
    }
    return;
  }
  std::string list;
  for (const ConfigNode& item : node.items) list += (list.empty() ? "" : ", ") + item.text;
  leaves->emplace_back(path, "[" + list + "]");
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
