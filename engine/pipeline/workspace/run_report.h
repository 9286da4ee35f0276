// The report of an opened run, read for the files that it names.
// Thread-safety: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/data_file.h"

namespace millrace::pipeline {

inline io::DataFile FileOf(const nlohmann::ordered_json& json, const std::string& folder) {
  io::DataFile file;
  file.path = folder + "/" + json.at("path").get<std::string>();
  file.rows = json.at("rows");
  file.bytes = json.at("bytes");
  file.sha256 = json.at("sha256");
  return file;
}

/// The files that a table or stage of the report lists under `key`, as keys of the workspace.
inline std::vector<io::DataFile> FilesOf(const nlohmann::ordered_json& reported, const char* key) {
  const std::string manifest = reported.at("manifest");
  std::vector<io::DataFile> files;
  for (const auto& file : reported.at(key)) {
    files.push_back(FileOf(file, manifest.substr(0, manifest.rfind('/'))));
  }
  return files;
}

/// "`a`, `b`": the members `key` of a list.
inline std::string NamesOf(const nlohmann::ordered_json& list, const char* key) {
  std::string names;
  for (const auto& item : list) {
    names += (names.empty() ? "`" : ", `") + item.at(key).get<std::string>() + "`";
  }
  return names;
}

/// A report that another program wrote, or that is damaged, must not end this one.
template <typename Read>
auto FromReport(const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const nlohmann::json::exception&) {
    return MakeError(ErrorCode::kWorkspaceDamaged, "the report of the run is malformed");
  }
}

}  // namespace millrace::pipeline
