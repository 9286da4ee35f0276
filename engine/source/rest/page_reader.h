// An answer's body as the page it is: what paging looks at, and what the ingest reads of it.
//
// Thread-safety: pure functions.
// Errors: BadPage when the body is not what the endpoint's format promises.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/rest/paginator.h"
#include "source/rest/rest_source.h"

namespace millrace::source::rest {

/// The body, decompressed by its magic bytes, whatever its headers say. BadPage when it is longer
/// than `bytes_max` then.
Result<std::string> PageText(std::string_view body, int64_t bytes_max);

struct PageCount {
  int64_t records = 0;      // those that turn out to be rejects, too
  std::string last_record;  // of JSON and JSONL pages; "" where there is none
  std::string cursor;       // the greatest value of `incremental`; "" where there is none
};
/// `incremental` may be null.
Result<PageCount> CountRecords(const std::string& text, const FormatOptions& format,
                               const Endpoint& endpoint, const Incremental* incremental);

/// The records of a JSON page, each as it stands.
Result<std::vector<std::string_view>> JsonRecords(std::string_view text, const Endpoint& endpoint);

/// Of what a page brings: equal for a page that comes again. Where the client counts pages or
/// records it is the records alone, for what is around them may tell a time or the number of the
/// request; elsewhere the answer says how to go on, and all of it is meant.
Result<std::string> ContentSha256(const std::string& text, const Endpoint& endpoint);

/// What the ingest reads: the records of a JSON page as one array, each as it stands with `carried`
/// members put before its own; other pages as they are.
Result<std::string> RecordsText(std::string text, const Endpoint& endpoint, const Pairs& carried);

}  // namespace millrace::source::rest
