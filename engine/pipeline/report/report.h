// What a finished run has to say for itself: the value type behind report.json (spec/report.md) and
// report.html. It holds no clock, host or absolute path: equal runs have equal reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/drift.h"
#include "export/export.h"
#include "stage/ingest.h"
#include "stage/manifest.h"

namespace millrace::pipeline {

/// A rejected row as it is shown: nothing of a sensitive column is in here.
struct RejectSample {
  std::string row_id, value, threshold, message, raw;
  int64_t byte_offset = -1;
};

struct ReportReject {
  stage::RejectCount count;
  std::vector<RejectSample> samples;
};

struct ReportTable {
  stage::Manifest manifest;
  std::string manifest_key;           // in the workspace
  bool inferred = false;              // the contract was
  std::string proposal_key;           // of an inferred contract
  std::vector<ReportReject> rejects;  // most rows first
};

/// Of a run that ended because a source's rejects went over its limits.
struct ReportBudget {
  stage::SpentBudget spent;
  std::vector<ReportReject> rejects;  // most rows first
};

struct ReportExport {
  std::string name, type, path;  // path as the config says it
  std::string table, release_id;
  int64_t rows = 0;
  std::vector<io::DataFile> files;
  std::vector<exporting::ExportRejects> rejects = {};  // rows that made no prompt
};

struct Report {
  std::string pipeline, plan_id, run_id, config_hash, code_version, engine_version;
  uint64_t seed = 0;
  std::optional<ReportBudget> budget;  // then there are no tables and no exports
  std::vector<ReportTable> tables;
  std::vector<std::string> sources;  // config order
  std::vector<ReportExport> exports;
  std::vector<contract::Drift> drift;  // between the files of a source
  stage::RowEquation Rows() const;
};

std::string ReportToJson(const Report& report);
/// Self-contained: no script, no network, everything escaped.
std::string ReportToHtml(const Report& report);

}  // namespace millrace::pipeline
