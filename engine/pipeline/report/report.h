// What a finished run has to say for itself: the value type behind report.json (spec/report.md) and
// report.html. It holds no clock, host or absolute path: equal runs have equal reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/drift.h"
#include "export/export.h"
#include "pipeline/report/changes.h"
#include "stage/evidence/evidence.h"
#include "stage/evidence/table_sample.h"
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
  stage::TableSample sample = {};     // a look at some of the rows written
};

/// Of a run that ended because a source's rejects went over its limits.
struct ReportBudget {
  stage::SpentBudget spent;
  std::vector<ReportReject> rejects;  // most rows first
};

struct ReportExport {
  std::string name, type, path;  // path as the config says it
  std::string stage, table;      // what was published: a stage, or a table as it was ingested
  std::string release_id;
  int64_t rows = 0;
  std::vector<io::DataFile> files;
  std::vector<exporting::ExportRejects> rejects = {};  // rows that made no prompt
  std::string manifest_sha256 = {};                    // of the release's _millrace.json
  /// Against the release that was the latest before this one.
  struct Previous {
    std::string release_id;
    bool has_card = false;        // without one there is nothing to compare with
    std::vector<Change> changes;  // at most kChangesMax
    size_t more_changes = 0;
  };
  std::optional<Previous> previous = {};
};

/// What the rows show of the model's contract.
struct ReportModel {
  std::string model, owner, sha256;  // of the contract's canonical text
  stage::ModelEvidence evidence;
  bool ended_the_run = false;  // a requirement with `on_fail: fail` is not met: no exports
};

struct Report {
  std::string pipeline, plan_id, run_id, config_hash, code_version, engine_version;
  std::string until;  // the stage that the run was told to stop after; then it is none yet
  uint64_t seed = 0;
  std::optional<ReportBudget> budget;  // then there are no tables and no exports
  std::vector<ReportTable> tables;
  std::vector<ReportTable> stages;   // after ingest, in the order of the config
  std::vector<std::string> sources;  // config order
  std::vector<ReportExport> exports;
  std::vector<contract::Drift> drift;  // between the files of a source
  std::optional<ReportModel> model;
  stage::RowEquation Rows() const;
  /// "done", "stopped", "reject_budget_spent" or "model_contract_unmet".
  std::string Outcome() const;
  /// "fit", "not_fit", or "unjudged" without a model's contract.
  std::string Verdict() const;
};

/// `card_sha256`: of the card that belongs to it, ReportToHtml.
std::string ReportToJson(const Report& report, const std::string& card_sha256);
/// The release card. Self-contained: no script, no network, everything escaped, of bounded size.
/// `report_sha256`: of the report that belongs to it, before that names this card.
std::string ReportToHtml(const Report& report, const std::string& report_sha256);

/// report.html and report.json of one run, each with the hash of the other.
struct ReportTexts {
  std::string html, json;
};
ReportTexts TextsOf(const Report& report);
/// Whether the two are as TextsOf wrote them: a change of either is seen.
bool BelongTogether(const ReportTexts& texts);

}  // namespace millrace::pipeline
