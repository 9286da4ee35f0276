#include "pipeline/snapshots.h"

#include <algorithm>

#include "pipeline/places.h"
#include "pipeline/secrets/http_auth.h"
#include "source/rest/fetch.h"
#include "source/rest/journal.h"
#include "source/rest/page_files.h"
#include "source/rest/rest_errors.h"

namespace millrace::pipeline {
namespace {

namespace rest = source::rest;

source::FileSource Files(const std::shared_ptr<io::Store>& workspace, const SourceConfig& source,
                         const rest::Snapshot& snapshot) {
  return rest::FilesOfSnapshot(workspace, source.rest->source, snapshot,
                               source.rest->conduct.page_bytes_max);
}

Result<std::unique_ptr<io::http::Client>> MakeClient(const SourceConfig& source,
                                                     const SnapshotFetch& fetch) {
  const RestConduct& conduct = source.rest->conduct;
  io::http::TransportOptions transport;
  transport.body_bytes_max = conduct.page_bytes_max;
  transport.read_timeout = conduct.timeout;
  transport.allow_private_addresses = conduct.allow_private;
  transport.allow_private_key = "allow_private";
  transport.ca_file = conduct.ca_file;
  transport.cancelled = fetch.cancelled;
  io::http::ClientOptions options;
  options.home = conduct.home;
  options.rate = conduct.rate;
  options.retry = conduct.retry;
  options.rules = rest::ClientRules(source.rest->source);
  ARROW_RETURN_NOT_OK(io::http::CheckClientOptions(options));
  ARROW_ASSIGN_OR_RAISE(auto curl, io::http::MakeCurlTransport(std::move(transport)));
  options.auth =
      MakeAuth(conduct.auth, fetch.secrets, {curl, fetch.limiter, fetch.clock, conduct.retry});
  return std::make_unique<io::http::Client>(std::move(curl), fetch.limiter, fetch.clock,
                                            std::move(options));
}

Result<rest::Snapshot> Fetch(const SourceConfig& source, const SnapshotFetch& fetch,
                             const rest::SnapshotHistory& history) {
  ARROW_ASSIGN_OR_RAISE(const auto client, MakeClient(source, fetch));
  rest::FetchContext context;
  context.workspace = fetch.workspace.get();
  context.http = client.get();
  context.page_bytes_max = source.rest->conduct.page_bytes_max;
  context.cancelled = fetch.cancelled;
  context.pages_fetched = fetch.pages;
  context.event = fetch.event;
  const bool goes_on =
      source.rest->source.incremental && !fetch.choice.refetch && !history.finished.empty();
  if (!goes_on) return rest::FetchSnapshot(source.rest->source, context);
  ARROW_ASSIGN_OR_RAISE(const rest::Snapshot base,
                        rest::ReadSnapshot(*fetch.workspace, source.name, history.finished));
  // Behind pages that other requests gave there is nothing to go on with.
  const bool same = base.fetch_key == source.rest->source.fetch_key;
  return rest::FetchSnapshot(source.rest->source, context, same ? &base : nullptr);
}

std::string ChosenId(const SourceConfig& source, const SnapshotChoice& choice) {
  for (const std::string& name : {source.name, std::string()}) {
    const auto found = choice.ids.find(name);
    if (found != choice.ids.end()) return found->second;
  }
  return "";
}

}  // namespace

bool HasRestSource(const PipelineConfig& config) {
  return std::any_of(config.sources.begin(), config.sources.end(),
                     [](const SourceConfig& source) { return source.rest.has_value(); });
}

Status CheckChoice(const PipelineConfig& config, const SnapshotChoice& choice) {
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources) {
    if (source.rest) names.push_back(source.name);
  }
  if (choice.refetch && (choice.offline || !choice.ids.empty())) {
    return MakeError(ErrorCode::kUsage, "--refetch contradicts --offline and --snapshot");
  }
  for (const auto& [name, id] : choice.ids) {
    if (name.empty() && names.size() == 1) continue;
    if (name.empty()) {
      return MakeError(ErrorCode::kUsage,
                       "the config has " + std::to_string(names.size()) + " sources of type rest",
                       "say which one the snapshot is of: --snapshot NAME=" + id);
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return MakeError(ErrorCode::kUsage, "there is no source `" + name + "` of type rest",
                     DidYouMean(name, names));
  }
  return Status::OK();
}

Result<source::FileSource> LatestSnapshot(const PipelineConfig& config,
                                          const SourceConfig& source) {
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<io::Store> workspace,
                        OpenPlace(config.workspace, config.storage, /*private_mode=*/true));
  ARROW_ASSIGN_OR_RAISE(const rest::SnapshotHistory history,
                        rest::ReadSnapshotHistory(*workspace, source.name));
  if (history.ids.empty()) return rest::NoFiles(workspace, source.rest->source);
  ARROW_ASSIGN_OR_RAISE(const rest::Snapshot snapshot,
                        rest::ReadSnapshot(*workspace, source.name, history.ids.back()));
  return Files(workspace, source, snapshot);
}

Result<source::FileSource> SnapshotForRun(const SourceConfig& source, const SnapshotFetch& fetch) {
  io::Store& workspace = *fetch.workspace;
  const std::string chosen = ChosenId(source, fetch.choice);
  if (!chosen.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto snapshot, rest::ReadSnapshot(workspace, source.name, chosen));
    return Files(fetch.workspace, source, snapshot);
  }
  ARROW_ASSIGN_OR_RAISE(const rest::SnapshotHistory history,
                        rest::ReadSnapshotHistory(workspace, source.name));
  if (fetch.choice.refetch) {
    ARROW_RETURN_NOT_OK(rest::Journal::Discard(workspace, source.name));
  }
  const bool take_up = history.pending() && !fetch.choice.refetch;
  if (fetch.choice.offline || take_up) {
    if (history.ids.empty()) {
      return MakeError(rest::kUnknownSnapshot,
                       "the source `" + source.name + "` has no complete snapshot to replay",
                       "run once without --offline");
    }
    ARROW_ASSIGN_OR_RAISE(const auto snapshot,
                          rest::ReadSnapshot(workspace, source.name, history.ids.back()));
    return Files(fetch.workspace, source, snapshot);
  }
  ARROW_ASSIGN_OR_RAISE(const rest::Snapshot snapshot, Fetch(source, fetch, history));
  return Files(fetch.workspace, source, snapshot);
}

Status FinishSnapshots(io::Store& workspace, const std::vector<source::FileSource>& sources) {
  for (const source::FileSource& source : sources) {
    if (source.snapshot.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(rest::SnapshotHistory history,
                          rest::ReadSnapshotHistory(workspace, source.name));
    // A replay of an older one is no reason to leave the latest.
    if (!history.pending() || history.ids.back() != source.snapshot) continue;
    history.finished = source.snapshot;
    ARROW_RETURN_NOT_OK(rest::WriteSnapshotHistory(workspace, source.name, history));
  }
  return Status::OK();
}

}  // namespace millrace::pipeline
