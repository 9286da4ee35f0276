// Schema drift of a pipeline's data: between the files of a source, from bounded samples; since the
// last complete run, from its `shapes.json` and the profiles in its report. docs/drift.md says what
// is compared with what. Nothing here decides what a run writes: drift is told of, or ends the run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "contract/drift.h"
#include "io/store.h"
#include "pipeline/input_files.h"
#include "pipeline/table_contracts.h"
#include "stage/manifest.h"

namespace millrace::pipeline {

/// Of one source: as a whole, and of the files that were looked at.
struct SourceShapes {
  contract::Shape whole;
  std::vector<std::pair<std::string, contract::Shape>> files;
};

/// Samples the beginnings of at most 16 files of each source. Depends on config and inputs alone.
/// Holds no value of a sensitive column, nor of one the contract does not name.
Result<std::vector<SourceShapes>> SurveyShapes(const PipelineConfig& config,
                                               const InputFiles& inputs,
                                               const TableContracts& tables);

/// The others against the first file that was looked at.
std::vector<contract::Drift> DriftBetweenFiles(const PipelineConfig& config,
                                               const InputFiles& inputs,
                                               const std::vector<SourceShapes>& shapes);

/// What the last complete run of the pipeline left to compare with.
struct LastShapes {
  std::string run;  // its folder; "" when there is none
  std::vector<std::pair<std::string, contract::Shape>> sources;
  std::vector<std::pair<std::string, std::vector<stage::ColumnProfile>>> tables;
};
Result<LastShapes> ReadLastShapes(io::Store& workspace, const std::string& pipeline);
/// The text of shapes.json.
std::string ShapesText(const PipelineConfig& config, const std::vector<SourceShapes>& shapes);

std::vector<contract::Drift> DriftSince(const LastShapes& last, const PipelineConfig& config,
                                        const std::vector<SourceShapes>& shapes);
/// What only whole tables show: columns that have nulls now, or more of few values.
std::vector<contract::Drift> DriftOfProfiles(const LastShapes& last, const PipelineConfig& config,
                                             const std::vector<stage::Manifest>& manifests);

/// A diagnostic for each that the contract says `fail` of: UnknownColumn and MissingColumn for
/// columns that came and went, ColumnFailed for the others.
Status CheckDrift(const PipelineConfig& config, const std::vector<contract::Drift>& drifts);
/// "source `s`: b.csv against a.csv: column `x` is new".
std::string DriftLine(const contract::Drift& drift);

}  // namespace millrace::pipeline
