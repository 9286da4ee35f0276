// The journal of a fetch: every answer is written durably, under the name of its content, before it
// is used. A fetch that was killed goes on behind the last page that is recorded; when all pages
// are there, the journal becomes a snapshot.
//
// Thread-safety: Append may be called from several threads, for different partitions.
// Errors: those of the store. A record that cannot be read counts as not written.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/store.h"
#include "source/rest/page_record.h"
#include "source/rest/snapshot.h"

namespace millrace::source::rest {

class Journal {
 public:
  /// The source's unfinished journal where there is one of this `fetch_key`, else a new one.
  static Result<Journal> Open(io::Store& workspace, const std::string& source,
                              const std::string& fetch_key);
  /// Whether there is an unfinished journal, of whatever key.
  static Result<bool> IsOpen(io::Store& workspace, const std::string& source);
  static Status Discard(io::Store& workspace, const std::string& source);

  /// What an earlier attempt recorded: by partition, without a gap.
  const std::map<std::string, std::vector<PageRecord>>& recorded() const { return recorded_; }

  /// Keeps a body under its hash, which is returned.
  Result<std::string> KeepBody(std::string_view body);
  Result<std::string> ReadBody(const PageRecord& page);
  /// REQUIRES: the page's body is kept.
  Status Append(const PageRecord& page);

  /// Makes a snapshot of the pages, puts it last into the source's history and ends the journal.
  /// With `base`, an earlier snapshot, its pages come before: all but those of parents.
  /// REQUIRES: the pages are all that were appended or recorded.
  Result<Snapshot> Complete(std::vector<PageRecord> pages, const std::string& fetch_key,
                            const Snapshot* base = nullptr);

 private:
  Journal(io::Store& workspace, std::string source)
      : workspace_(&workspace), source_(std::move(source)) {}
  Status Load();

  io::Store* workspace_;
  std::string source_;
  std::string token_;  // of this fetch; names the folder of its records
  std::map<std::string, std::vector<PageRecord>> recorded_;
};

}  // namespace millrace::source::rest
