// A few rows on their way through the stages of a config, in memory: what each stage makes of each
// of them, or which instance drops it. What needs all rows is decided over these few.
// Thread-safety: one thread.
#pragma once

#include <arrow/record_batch.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/config/pipeline_config.h"
#include "pipeline/stage_plans.h"

namespace millrace::pipeline {

class StagedRows {
 public:
  /// `rows`: what ingest would commit of a source, in the columns of its shards.
  void AddSource(const std::string& source, std::shared_ptr<arrow::RecordBatch> rows);

  /// What the stage does to the rows of its inputs. REQUIRES: the stages before it are done.
  Status Run(const StageConfig& stage, const op::Chain& chain);

  /// Of a row that was added, by its row id: an entry per stage that it reached.
  const nlohmann::ordered_json& OfRow(const std::string& row_id) const;
  /// Counts, an entry per stage.
  const nlohmann::ordered_json& stages() const { return stages_; }

 private:
  struct Seen {
    std::string root;                          // the row of a source that it comes from
    std::map<std::string, std::string> texts;  // of its columns as they were last shown
  };

  Result<std::shared_ptr<arrow::RecordBatch>> InputOf(const StageConfig& stage,
                                                      const op::Chain& chain) const;
  Status Begin(const std::string& stage, const arrow::RecordBatch& rows);
  Status ShowRows(const std::string& stage, const arrow::RecordBatch& stored);
  void ShowRejects(const std::string& stage, const arrow::RecordBatch& rejects);
  nlohmann::ordered_json& EntryOf(const std::string& stage, const std::string& root);
  std::string RootOf(const std::string& row_id) const;

  std::map<std::string, std::shared_ptr<arrow::RecordBatch>> rows_;  // by source or stage
  std::map<std::string, nlohmann::ordered_json> of_row_;             // by row id of a source
  std::map<std::string, Seen> seen_;  // by row id, while a stage runs
  nlohmann::ordered_json stages_ = nlohmann::ordered_json::array();
};

}  // namespace millrace::pipeline
