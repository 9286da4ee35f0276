// Any bytes as an API's answer: reading them never crashes, takes what is JSON, and hands the
// ingest as many records as it counted. The first byte of the input chooses the endpoint.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "source/rest/json_edit.h"
#include "source/rest/link_header.h"
#include "source/rest/page_reader.h"
#include "source/rest/page_record_json.h"
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
  const bool nul = text.find('\0') != std::string::npos;  // the other parser's end of the text
  if (nul || opened > kDepthSafe || !nlohmann::json::accept(text)) return;
  MILLRACE_CHECK(Query("$").Find(text).ok());
}

// A step as a journal keeps it is the same step when it is read.
void CheckStep(const PageStep& step) {
  PageRecord page;
  page.next = step;
  const auto text = PageRecordText(page);
  if (!text.ok()) return;  // a cursor that is no UTF-8
  MILLRACE_CHECK(PageRecordFromJson(nlohmann::json::parse(*text)).next == step);
  for (const auto& [place, value] : step.body) {
    JsonQuery query;
    MILLRACE_CHECK(!ParseJsonPlace(place, &query).has_value());
    const auto body = WithValueAt("{\"a\":{}}", query, value);
    MILLRACE_CHECK(body.ok() && query.Find(*body).ValueOrDie().at(0) == value);
  }
}

void CheckPaging(const std::string& text, int64_t records, uint8_t choice) {
  Paging paging;
  paging.kind = static_cast<PagingKind>(choice % 8);
  paging.in_body = (choice & 0x20) != 0;
  paging.param = paging.in_body ? "$.a.p" : "p";
  paging.header = "link";
  paging.cursor = Query("$.next");
  if ((choice & 0x10) != 0) {
    Paging windows;
    windows.kind = PagingKind::kTimeWindow;
    windows.in_body = paging.in_body;
    windows.param = "from";
    windows.end_param = "to";
    windows.to_s = 2 * 86'400;
    windows.step_s = 86'400;
    windows.within = std::make_shared<Paging>(paging);
    paging = windows;
  }
  const millrace::io::http::Headers headers = {{"link", text.substr(0, 200)}};
  PageFacts facts;
  facts.body = text;
  facts.headers = &headers;
  facts.url = "https://api.example.com/a?b=c";
  facts.records = records;
  const auto paginator = MakePaginator(paging);
  const PageStep asked = paginator->First();
  const auto next = paginator->Next(asked, facts);
  if (!next.ok() || !*next) return;
  CheckStep(**next);
  // A window is left only by a step that names the next one.
  MILLRACE_CHECK(paging.within == nullptr || !paginator->ChainOf(**next).empty());
}

// A value that was written into a text is what its place means then.
void CheckEdit(const std::string& text, const JsonQuery& place) {
  const auto edited = WithValueAt(text, place, "\"new\"");
  if (!edited.ok()) return;
  const auto found = place.Find(*edited);
  MILLRACE_CHECK(found.ok() && !found->empty() && found->front() == "\"new\"");
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
  JsonQuery wild = Query("$.a[0].b");
  if (!JsonQuery::Parse(body, &wild).has_value()) (void)wild.Find(*text);
  const auto count = CountRecords(*text, source.records_format, source.endpoint, nullptr);
  CheckPaging(*text, count.ok() ? count->records : 0, data[0]);
  CheckEdit(*text, wild);
  const auto records = RecordsText(*text, source.endpoint, {{"\"parent\"", "7"}});
  if (source.endpoint.format != PageFormat::kJson) return 0;
  MILLRACE_CHECK(count.ok() == records.ok());
  if (!count.ok()) return 0;
  const auto elements = Query("$[*]").Find(*records);
  MILLRACE_CHECK(elements.ok() && static_cast<int64_t>(elements->size()) == count->records);
  return 0;
}
