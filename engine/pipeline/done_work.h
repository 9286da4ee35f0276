// What a run has committed so far, and where: what its report, its exports and the contract of a
// model look at.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "export/export.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/table_contracts.h"
#include "stage/manifest.h"
#include "stage/rows_in_place.h"

namespace millrace::pipeline {

/// A stage behind ingest that is done.
struct StageResult {
  std::string folder;  // in the workspace
  std::shared_ptr<arrow::Schema> schema;
  stage::Manifest manifest;
};

struct DoneWork {
  TableContracts tables;
  std::string ingest_folder;               // in the workspace
  std::vector<stage::Manifest> manifests;  // of ingest: one per table, in the order of `tables`
  std::vector<std::string> manifest_keys;
  std::shared_ptr<const stage::RowsInPlace> in_place;  // null: all rows are in the workspace
  std::vector<StageResult> stages;                     // in the order of the config

  /// REQUIRES: there is such a table.
  size_t TableIndex(const std::string& table) const;
  /// The rows that an export publishes.
  exporting::ExportInput InputOf(const ExportConfig& config,
                                 std::shared_ptr<io::Store> workspace) const;
};

/// The table that a stage's rows come from: that of its first input, followed to a source.
std::string TableOfStage(const PipelineConfig& config, size_t index);

}  // namespace millrace::pipeline
