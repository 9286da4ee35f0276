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
  file.referred_bytes = json.value("referred_bytes", int64_t{0});
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

/// A table of the report; the name may be empty where there is one.
inline Result<const nlohmann::ordered_json*> TableOf(const nlohmann::ordered_json& report,
                                                     const std::string& name) {
  const nlohmann::ordered_json& tables = report.at("tables");
  if (tables.empty()) {
    return MakeError(ErrorCode::kRejectBudget,
                     "the run ended over its reject budget and has no committed rows",
                     "its report says what was rejected");
  }
  if (name.empty() && tables.size() == 1) return &tables.front();
  for (const auto& table : tables) {
    if (table.at("table") == name) return &table;
  }
  return MakeError(
      ErrorCode::kUnknownReference,
      name.empty() ? "the run has several tables: name one" : "the run has no table `" + name + "`",
      "its tables are " + NamesOf(tables, "table"));
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
