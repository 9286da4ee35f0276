// What a config says about a source behind an API: where to ask, how its pages follow one another,
// and what of an answer is a record. Value types; docs/rest.md explains them to users.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/file_source.h"
#include "source/rest/json_query.h"

namespace millrace::source::rest {

using Pairs = std::vector<std::pair<std::string, std::string>>;

enum class PagingKind {
  kNone,          // one answer is all
  kOffset,        // a parameter counts records
  kPage,          // a parameter counts pages
  kCursorBody,    // the answer names the place to go on at
  kCursorHeader,  // likewise, in a header
  kLinkHeader,    // Link: <...>; rel="next"
  kNextUrl,       // the answer holds the next page's URL
  kKeyset,        // a parameter takes the last record's key
  kTimeWindow,    // a span of time, window by window
};

enum class StopRule {
  kEmptyPage,  // only a page without records ends it
  kShortPage,  // one with fewer records than the limit, too
  kTotal,      // as soon as the API's total is reached, too
};

enum class TimeForm { kDate, kTimestamp, kUnix, kUnixMilliseconds };

struct Paging {
  PagingKind kind = PagingKind::kNone;
  /// Parameters are places in the JSON body of a POST (ParseJsonPlace) and their values JSON; else
  /// they are of the query.
  bool in_body = false;
  std::string param;              // of the offset, page, cursor, key or window's start
  std::string limit_param;        // "": none is sent
  int64_t limit = 0;              // 0: not given
  int64_t start = 0;              // first offset or page number
  bool advance_by_limit = false;  // offset: by `limit` instead of by the records that came
  StopRule stop = StopRule::kEmptyPage;
  std::optional<JsonQuery> cursor;  // cursor in body, next URL; of keyset: in a record
  std::string header;               // cursor in header
  std::optional<JsonQuery>
      has_more;  // false there ends it; true there without a way on is an error
  // Time windows.
  std::string end_param;
  int64_t from_s = 0, to_s = 0, step_s = 0;  // seconds since 1970; [from, to)
  TimeForm form = TimeForm::kTimestamp;
  bool end_inclusive = false;            // the API takes the end itself as part of the window
  std::shared_ptr<const Paging> within;  // how the pages of one window follow; null: it has one
  /// The header that names the next cursor; "": none does.
  const std::string& CursorHeader() const { return within == nullptr ? header : within->header; }
};

enum class OnMismatch { kFail, kWarn, kIgnore };
enum class PageFormat { kJson, kJsonl, kCsv };
enum class ResponseAction { kSuccess, kFail, kRetry, kIgnore };

/// What an answer means; the first rule that fits decides.
struct ResponseRule {
  std::string name;                    // for messages
  int status_min = 0, status_max = 0;  // 0: any
  std::optional<JsonQuery> body;       // fits when it means something in the body
  ResponseAction action = ResponseAction::kFail;
  /// `text`: the body, decompressed. One that is no JSON has nothing anywhere.
  bool Fits(int status, std::string_view text) const;
};

struct Endpoint {
  std::string url;  // {name} stands for a partition's value
  std::string method = "GET";
  Pairs params, headers;
  std::string body;
  bool body_is_json = false;
  PageFormat format = PageFormat::kJson;
  JsonQuery records;              // of JSON pages
  bool records_may_miss = false;  // a page without what `records` names has none
  Paging paging;
};

/// Endpoints that are asked for each record of another: its children.
struct Parent {
  std::string name;  // {name} in the child's endpoint stands for the parent's key
  Endpoint endpoint;
  JsonQuery key;  // in a parent's record
  /// What every child record gets of its parent: the member's name, and where it is in the parent.
  std::vector<std::pair<std::string, JsonQuery>> carry;
};

enum class CursorForm { kDate, kTimestamp, kUnix, kUnixMilliseconds, kInteger, kText };

/// Only what is new since the last finished snapshot is asked for; the new snapshot goes on behind
/// the pages of that one.
struct Incremental {
  std::string param;     // takes the greatest value seen
  bool in_body = false;  // as of Paging
  JsonQuery field;       // in a record
  CursorForm form = CursorForm::kTimestamp;
  std::string initial;   // what the first fetch sends; "": nothing
  int64_t lookback = 0;  // taken off the greatest value: seconds, or of kInteger as it is
};

struct RestSource {
  std::string name;
  Endpoint endpoint;
  std::optional<Parent> parent;
  std::optional<Incremental> incremental;
  std::string partition_name;           // "": not partitioned
  std::vector<std::string> partitions;  // its values
  std::optional<JsonQuery> total;       // how many records there are, where the API says so
  OnMismatch on_total_mismatch = OnMismatch::kFail;
  std::vector<ResponseRule> responses;
  int64_t pages_max = 10'000;       // of one partition; more is an error
  int concurrency = 4;              // partitions fetched at once
  bool post_is_idempotent = false;  // a POST may be tried again
  FormatOptions records_format;     // how pages are read
  /// Hash of what shapes the requests and the reading of answers: an unfinished journal of another
  /// one is no use.
  std::string fetch_key;
};

}  // namespace millrace::source::rest
