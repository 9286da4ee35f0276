// The snapshots behind a config's `type: rest` sources: found for a look, fetched for a run.
//
// A look never fetches. A run takes up a snapshot that no run has finished with, goes on with one
// that is incomplete, or fetches a new one; told to, it replays one that is there and sends
// nothing.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "io/http/rate_limiter.h"
#include "io/store.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/secrets/secret_resolver.h"
#include "source/file_source.h"

namespace millrace::pipeline {

bool HasRestSource(const PipelineConfig& config);

/// What a run was told about snapshots.
struct SnapshotChoice {
  bool offline = false;                    // replay the latest of each source
  bool refetch = false;                    // leave unfinished journals and pending snapshots alone
  std::map<std::string, std::string> ids;  // by source; "" stands for the only REST source
};
/// Usage when an id is given for what is no REST source, or --refetch contradicts the rest.
Status CheckChoice(const PipelineConfig& config, const SnapshotChoice& choice);

/// The source's latest snapshot as files; no files when nothing was fetched yet.
Result<source::FileSource> LatestSnapshot(const PipelineConfig& config, const SourceConfig& source);

struct SnapshotFetch {
  std::shared_ptr<io::Store> workspace;
  SnapshotChoice choice;
  const std::atomic<bool>* cancelled = nullptr;
  std::atomic<int64_t>* pages = nullptr;  // counts what this attempt fetched
  std::atomic<int64_t>* rows = nullptr;   // of streams that Python hands in
  std::shared_ptr<io::http::Clock> clock;
  std::shared_ptr<io::http::RateLimiter> limiter;  // one for all sources of a run
  std::shared_ptr<SecretResolver> secrets;
  std::function<void(const std::string& event, const std::map<std::string, std::string>& fields)>
      event;
};
/// The snapshot of a run, as files. REQUIRES: the workspace is locked.
Result<source::FileSource> SnapshotForRun(const SourceConfig& source, const SnapshotFetch& fetch);

/// Notes that a run has finished with the snapshots its sources were read from.
Status FinishSnapshots(io::Store& workspace, const std::vector<source::FileSource>& sources);

}  // namespace millrace::pipeline
