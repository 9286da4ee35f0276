// Fetching a source behind an API: partition by partition, page by page, every answer into the
// journal before it is used, until a snapshot is complete.
//
// Partitions are fetched at the same time, the pages of one strictly in turn; the snapshot does not
// show which came first.
//
// Errors: those of the transport and of the paginators, with the page they are about; PagingLoop,
// TooManyPages, TotalMismatch; Cancelled, which leaves a journal to go on from.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/http/client.h"
#include "io/store.h"
#include "source/rest/rest_source.h"
#include "source/rest/snapshot.h"

namespace millrace::source::rest {

struct FetchContext {
  io::Store* workspace = nullptr;
  /// REQUIRES: made with ClientRules: what fails is judged here, for it is journaled first.
  io::http::Client* http = nullptr;
  int64_t page_bytes_max = 64 << 20;              // of a page, decompressed
  const std::atomic<bool>* cancelled = nullptr;   // may be null
  const std::atomic<bool>* stopped = nullptr;     // likewise; set where another partition failed
  std::atomic<int64_t>* pages_fetched = nullptr;  // may be null; counts pages of this attempt
  /// For the attempt log; may be empty.
  std::function<void(const std::string& event, const std::map<std::string, std::string>& fields)>
      event;
};

/// What a client must know of the source's response rules: what it is to try again.
std::vector<io::http::ResponseRule> ClientRules(const RestSource& source);

/// Goes on with the unfinished journal of the source's fetch_key, or begins one. `base`: of an
/// incremental source the snapshot that the new one goes on behind; null for a whole fetch.
Result<Snapshot> FetchSnapshot(const RestSource& source, const FetchContext& context,
                               const Snapshot* base = nullptr);

}  // namespace millrace::source::rest
