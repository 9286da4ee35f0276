// What is known of one page that was fetched: the value type of journals and snapshots. Codec:
// page_record_json.h; format: spec/snapshot.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/http/transport.h"
#include "source/rest/paginator.h"

namespace millrace::source::rest {

struct PageRecord {
  std::string partition;   // a key: see PartitionKey
  int64_t page = 0;        // 1, 2, 3, ... within the partition
  bool of_parent = false;  // its records are parents, not rows
  // What was asked: without headers, and without anything secret.
  std::string method, url;
  PageStep asked;
  // What came back.
  int status = 0;
  io::http::Headers headers;  // those that say what the body is and what follows
  std::string body_sha256;    // of the body as received, which is kept under this name
  int64_t body_bytes = 0;
  bool ignored = false;  // a rule of the config says that such an answer holds no records
  int64_t records = 0;
  std::optional<int64_t> total;  // what the API says
  std::optional<PageStep> next;  // none: the partition's last page
  /// While it is fetched: what another page of its chain must not hold again, see ContentSha256.
  std::string content_sha256;
  std::string cursor;  // incremental: the greatest value on the page; "": none
  /// Members that every record of the page gets, names and values as JSON text: what a child has of
  /// its parent.
  std::vector<std::pair<std::string, std::string>> carried;
};

/// A partition's name in keys and row ids: its value, percent-encoded; a long one is cut and gets a
/// hash. Different values have different keys.
std::string PartitionKey(const std::string& value);
/// The partition of a source that has none.
inline constexpr const char* kOnlyPartition = "all";
/// Begins the partitions of parents; no PartitionKey does.
inline constexpr const char* kParentPartition = "@parent";

/// "<partition>/<page>": the page's path in row ids. Byte order is page order.
std::string PagePath(const PageRecord& page);

}  // namespace millrace::source::rest
