// Any bytes as an API's answer: reading them never crashes, takes what is JSON, and hands the
// ingest as many records as it counted. The first byte of the input chooses the endpoint.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "source/rest/link_header.h"
#include "source/rest/page_reader.h"
#include "source/rest/paginator.h"

namespace {

using namespace millrace::source::rest;

JsonQuery Query(const char* path) {
  JsonQuery query;
  MILLRACE_CHECK(!JsonQuery::Parse(path, &query).has_value());
  return query;
}

void CheckWhole(const std::string& text) {
  constexpr int kDepthSafe = 500;
  const auto opened =
      std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; });
  if (opened > kDepthSafe || !nlohmann::json::accept(text)) return;
  MILLRACE_CHECK(Query("$").Find(text).ok());
}

void CheckPaging(const std::string& text, int64_t records, PagingKind kind) {
  Paging paging;
  paging.kind = kind;
  paging.param = "p";
  paging.header = "link";
  paging.cursor = Query("$.next");
  const millrace::io::http::Headers headers = {{"link", text.substr(0, 200)}};
  PageFacts facts;
  facts.body = text;
  facts.headers = &headers;
  facts.url = "https://api.example.com/a?b=c";
  facts.records = records;
  PageStep asked;
  asked.params = {{"p", "1"}};
  (void)MakePaginator(paging)->Next(asked, facts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const char* const kPaths[] = {"$", "$.data[*]", "$.data", "$[*]", "$.a[*].b[*]", "$['x y'][1]"};
  RestSource source;
  source.endpoint.records = Query(kPaths[data[0] % 6]);
  source.endpoint.records_may_miss = (data[0] & 0x40) != 0;
  source.endpoint.format = (data[0] & 0x80) != 0 ? PageFormat::kJsonl : PageFormat::kJson;
  source.records_format = millrace::io::JsonlOptions{};
  const auto text = PageText(body, 1 << 20);
  if (!text.ok()) return 0;
  CheckWhole(*text);
  // A path out of the bytes themselves.
  JsonQuery wild;
  if (!JsonQuery::Parse(body, &wild).has_value()) (void)wild.Find(*text);
  const auto count = CountRecords(*text, source.records_format, source.endpoint, nullptr);
  CheckPaging(*text, count.ok() ? count->records : 0, static_cast<PagingKind>(data[0] % 8));
  const auto records = RecordsText(*text, source.endpoint, {{"\"parent\"", "7"}});
  if (source.endpoint.format != PageFormat::kJson) return 0;
  MILLRACE_CHECK(count.ok() == records.ok());
  if (!count.ok()) return 0;
  const auto elements = Query("$[*]").Find(*records);
  MILLRACE_CHECK(elements.ok() && static_cast<int64_t>(elements->size()) == count->records);
  return 0;
}
