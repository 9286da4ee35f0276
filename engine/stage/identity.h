// Names by content: what a stage, a split and a run are called. Equal work has equal names in any
// folder, on any day, in any order of runs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "stage/ingest.h"
#include "stage/split.h"

namespace millrace::stage {

/// The layout of commit records, manifests and stage files. A new number makes old results unknown.
inline constexpr int kFormatVersion = 3;

/// Versions of what shapes rows. Whoever changes what an operator does with a row raises its
/// number.
const std::map<std::string, int>& OperatorVersions();

/// Of everything that shapes the stage's rows except the input files: a run over more files finds
/// what an earlier run left.
std::string StageKey(const IngestPlan& plan);

/// Of a split's place: source, paths and row groups. Names its files before its content is known.
std::string SplitName(const IngestPlan& plan, const Split& split);

/// Of a split's place and content; the name of its commit record. `sha256`: of each of its files.
std::string SplitId(const IngestPlan& plan, const Split& split,
                    const std::vector<std::string>& sha256);

/// Of a stage and all its inputs, in order.
std::string RunId(const std::string& stage_key, const std::vector<InputFile>& inputs);

/// What names are made of. A name is the hash's first digits: 96 bits, no signature.
std::string FinishIdentity(Sha256& hash);
/// "<name>-<hash>", the name as far as it fits a file name.
std::string NamedPlace(const std::string& name, Sha256& place);
/// Adds what shapes the files of a stage, whatever its rows.
void UpdateWriter(Sha256& hash, const io::ShardWriterOptions& writer, int64_t rows_per_shard,
                  int64_t split_bytes);

}  // namespace millrace::stage
