#include "source/rest/paginator.h"

#include <doctest/doctest.h>

#include "source/rest/link_header.h"
#include "source/rest/time_text.h"

namespace millrace::source::rest {
namespace {

JsonQuery Query(const std::string& path) {
  JsonQuery query;
  REQUIRE_FALSE(JsonQuery::Parse(path, &query).has_value());
  return query;
}

Paging Make(PagingKind kind, const std::string& param = "") {
  Paging paging;
  paging.kind = kind;
  paging.param = param;
  return paging;
}

struct Page {
  std::string body = "{}";
  int64_t records = 0;
  io::http::Headers headers = {};
  std::string last_record = "";
  std::optional<int64_t> total = {};
  int64_t so_far = 0;
};

// "a=1 b=2", a URL, "end" or "error".
std::string Shown(const Result<std::optional<PageStep>>& step) {
  if (!step.ok()) return "error";
  if (!*step) return "end";
  std::string out = (*step)->url;
  for (const auto& [name, value] : (*step)->params) {
    out += (out.empty() ? "" : " ") + name + "=" + value;
  }
  for (const auto& [place, value] : (*step)->body) {
    out += (out.empty() ? "" : " ") + place + ":" + value;
  }
  return out;
}

std::string Next(const Paging& paging, const PageStep& asked, const Page& page) {
  PageFacts facts;
  facts.body = page.body;
  facts.headers = &page.headers;
  facts.url = "https://api.example.com/v1/items?page=1";
  facts.records = page.records;
  facts.last_record = page.last_record;
  facts.total = page.total;
  facts.records_so_far = page.so_far;
  return Shown(MakePaginator(paging)->Next(asked, facts));
}
PageStep Asked(const std::string& name, const std::string& value) {
  return {"", {{name, value}}, {}};
}

TEST_CASE("one answer is all") {
  const Paging none = Make(PagingKind::kNone);
  CHECK(MakePaginator(none)->First() == PageStep{});
  CHECK(Next(none, {}, {.records = 100}) == "end");
}

TEST_CASE("an offset goes on by what came, and ends only with an empty page") {
  Paging offset = Make(PagingKind::kOffset, "skip");
  offset.limit_param = "take";
  offset.limit = 10;
  CHECK(Shown(MakePaginator(offset)->First()) == "skip=0 take=10");
  CHECK(Next(offset, Asked("skip", "20"), {.records = 10}) == "skip=30 take=10");
  CHECK(Next(offset, Asked("skip", "20"), {.records = 3}) == "skip=23 take=10");
  CHECK(Next(offset, Asked("skip", "23"), {.records = 0}) == "end");
  offset.advance_by_limit = true;
  CHECK(Next(offset, Asked("skip", "20"), {.records = 3}) == "skip=30 take=10");
}

TEST_CASE("a page without records ends offsets although more was promised: that is an error") {
  Paging offset = Make(PagingKind::kOffset, "skip");
  offset.has_more = Query("$.more");
  CHECK(Next(offset, Asked("skip", "0"), {.body = R"({"more":true})", .records = 0}) == "error");
  CHECK(Next(offset, Asked("skip", "0"), {.body = R"({"more":true})", .records = 2}) == "skip=2");
  CHECK(Next(offset, Asked("skip", "0"), {.body = R"({"more":false})", .records = 2}) == "end");
  CHECK(Next(offset, Asked("skip", "0"), {.body = R"({"more":"no"})", .records = 2}) == "error");
  CHECK(Next(offset, Asked("skip", "0"), {.body = "{}", .records = 2}) == "error");
}

TEST_CASE("pages are counted; rules that trust the API are opt-in") {
  Paging page = Make(PagingKind::kPage, "page");
  page.start = 1;
  page.limit = 10;
  CHECK(Shown(MakePaginator(page)->First()) == "page=1");
  CHECK(Next(page, Asked("page", "9"), {.records = 1}) == "page=10");
  CHECK(Next(page, Asked("page", "9"), {.records = 0}) == "end");
  CHECK(Next(page, Asked("page", "9"), {.records = 4, .total = 4, .so_far = 4}) == "page=10");
  page.stop = StopRule::kShortPage;
  CHECK(Next(page, Asked("page", "9"), {.records = 9}) == "end");
  CHECK(Next(page, Asked("page", "9"), {.records = 10}) == "page=10");
  page.stop = StopRule::kTotal;
  CHECK(Next(page, Asked("page", "9"), {.records = 4, .total = 4, .so_far = 4}) == "end");
  CHECK(Next(page, Asked("page", "9"), {.records = 4, .total = 5, .so_far = 4}) == "page=10");
}

TEST_CASE("a cursor in the body") {
  Paging cursor = Make(PagingKind::kCursorBody, "after");
  cursor.cursor = Query("$.meta.next");
  CHECK(MakePaginator(cursor)->First() == PageStep{});
  CHECK(Next(cursor, {}, {.body = R"({"meta":{"next":"a b"}})"}) == "after=a b");
  CHECK(Next(cursor, {}, {.body = R"({"meta":{"next":12345678901234567890}})"}) ==
        "after=12345678901234567890");
  for (const char* end : {R"({"meta":{"next":null}})", R"({"meta":{"next":""}})", "{}"}) {
    CHECK(Next(cursor, {}, {.body = end, .records = 5}) == "end");
  }
  CHECK(Next(cursor, {}, {.body = R"({"meta":{"next":{}}})"}) == "error");
  cursor.has_more = Query("$.more");
  CHECK(Next(cursor, {}, {.body = R"({"more":true})"}) == "error");
  CHECK(Next(cursor, {}, {.body = R"({"more":false,"meta":{"next":"x"}})"}) == "end");
}

TEST_CASE("a cursor in a header") {
  Paging cursor = Make(PagingKind::kCursorHeader, "after");
  cursor.header = "x-next";
  CHECK(Next(cursor, {}, {.headers = {{"x-next", "c2"}}}) == "after=c2");
  CHECK(Next(cursor, {}, {.records = 9}) == "end");
}

TEST_CASE("links lead on, relative ones too") {
  const Paging link = Make(PagingKind::kLinkHeader);
  CHECK(Next(link, {}, {.headers = {{"link", "</v1/items?page=2>; rel=\"next\""}}}) ==
        "https://api.example.com/v1/items?page=2");
  CHECK(Next(link, {}, {.records = 9}) == "end");
  Paging body = Make(PagingKind::kNextUrl);
  body.cursor = Query("$.next");
  CHECK(Next(body, {}, {.body = R"({"next":"?page=3"})"}) ==
        "https://api.example.com/v1/items?page=3");
  CHECK(Next(body, {}, {.body = R"({"next":null})", .records = 3}) == "end");
  CHECK(Next(body, {}, {.body = R"({"next":7})"}) == "error");
  CHECK(Next(body, {}, {.body = R"({"next":"ftp://x/y"})"}) == "error");
}

TEST_CASE("a keyset goes on behind the last record") {
  Paging keyset = Make(PagingKind::kKeyset, "since_id");
  keyset.cursor = Query("$.id");
  CHECK(Next(keyset, {}, {.records = 2, .last_record = R"({"id": 17})"}) == "since_id=17");
  CHECK(Next(keyset, {}, {.records = 2, .last_record = R"({"ID": 17})"}) == "error");
  CHECK(Next(keyset, {}, {.records = 0}) == "end");
}

TEST_CASE("windows cover the span without gap or overlap") {
  Paging window = Make(PagingKind::kTimeWindow, "from");
  window.end_param = "to";
  window.from_s = *ParseTime("2026-02-27", TimeForm::kTimestamp);
  window.to_s = *ParseTime("2026-03-02", TimeForm::kTimestamp);
  window.step_s = 2 * 86'400;
  window.form = TimeForm::kDate;
  const auto first = MakePaginator(window)->First();
  CHECK(Shown(first) == "from=2026-02-27 to=2026-03-01");
  CHECK(Next(window, first, {.records = 0}) == "from=2026-03-01 to=2026-03-02");
  CHECK(Next(window, Asked("from", "2026-03-01"), {.records = 5}) == "end");
  window.end_inclusive = true;
  CHECK(Shown(MakePaginator(window)->First()) == "from=2026-02-27 to=2026-02-28");
  window.limit = 100;
  CHECK(Next(window, first, {.records = 100}) == "error");
}

Paging Windows() {
  Paging window = Make(PagingKind::kTimeWindow, "from");
  window.end_param = "to";
  window.from_s = *ParseTime("2026-03-01", TimeForm::kTimestamp);
  window.to_s = *ParseTime("2026-03-03", TimeForm::kTimestamp);
  window.step_s = 86'400;
  window.form = TimeForm::kDate;
  return window;
}

// The steps of a walk whose answers come one after the other.
std::vector<std::string> Walk(const Paging& paging, const std::vector<Page>& pages) {
  const auto paginator = MakePaginator(paging);
  std::vector<std::string> steps;
  PageStep asked = paginator->First();
  for (const Page& page : pages) {
    steps.push_back(Shown(asked));
    PageFacts facts;
    facts.body = page.body;
    facts.headers = &page.headers;
    facts.url = "https://api.example.com/v1/items?page=1";
    facts.records = page.records;
    facts.last_record = page.last_record;
    const auto next = paginator->Next(asked, facts);
    if (!next.ok() || !*next) {
      steps.push_back(Shown(next));
      return steps;
    }
    asked = **next;
  }
  steps.push_back(Shown(asked));
  return steps;
}

TEST_CASE("the pages of a window end with the window, and the next window begins anew") {
  Paging window = Windows();
  Paging pages = Make(PagingKind::kOffset, "skip");
  pages.limit_param = "take";
  pages.limit = 2;
  window.within = std::make_shared<Paging>(pages);
  CHECK(Walk(window, {{.records = 2}, {.records = 1}, {.records = 0}, {.records = 0}}) ==
        std::vector<std::string>{"skip=0 take=2 from=2026-03-01 to=2026-03-02",
                                 "skip=2 take=2 from=2026-03-01 to=2026-03-02",
                                 "skip=3 take=2 from=2026-03-01 to=2026-03-02",
                                 "skip=0 take=2 from=2026-03-02 to=2026-03-03", "end"});
  const auto paginator = MakePaginator(window);
  CHECK(paginator->ChainOf(paginator->First()) == "2026-03-01");
  // An answer that a rule takes for nothing ends its window, and no other.
  const auto second = paginator->AfterNothing(paginator->First()).ValueOrDie();
  CHECK(Shown(second) == "skip=0 take=2 from=2026-03-02 to=2026-03-03");
  CHECK(Shown(paginator->AfterNothing(*second)) == "end");
}

TEST_CASE("links within a window keep it in mind") {
  Paging window = Windows();
  window.within = std::make_shared<Paging>(Make(PagingKind::kLinkHeader));
  CHECK(Walk(window, {{.records = 2, .headers = {{"link", "<?page=2&from=x>; rel=next"}}},
                      {.records = 1},
                      {.records = 1}}) ==
        std::vector<std::string>{
            "from=2026-03-01 to=2026-03-02",
            "https://api.example.com/v1/items?page=2&from=x from=2026-03-01 to=2026-03-02",
            "from=2026-03-02 to=2026-03-03", "end"});
}

TEST_CASE("cursors within windows begin anew with each") {
  Paging window = Windows();
  Paging pages = Make(PagingKind::kCursorHeader, "after");
  pages.header = "x-next";
  window.within = std::make_shared<Paging>(pages);
  CHECK(window.CursorHeader() == "x-next");
  CHECK(Walk(window, {{.headers = {{"x-next", "c2"}}}, {}, {}}) ==
        std::vector<std::string>{"from=2026-03-01 to=2026-03-02",
                                 "after=c2 from=2026-03-01 to=2026-03-02",
                                 "from=2026-03-02 to=2026-03-03", "end"});
}

TEST_CASE("parameters in a body are JSON") {
  Paging offset = Make(PagingKind::kOffset, "$.page.skip");
  offset.in_body = true;
  offset.limit_param = "take";
  offset.limit = 10;
  CHECK(Walk(offset, {{.records = 10}, {.records = 3}, {.records = 0}}) ==
        std::vector<std::string>{"$.page.skip:0 take:10", "$.page.skip:10 take:10",
                                 "$.page.skip:13 take:10", "end"});
  Paging cursor = Make(PagingKind::kCursorBody, "after");
  cursor.in_body = true;
  cursor.cursor = Query("$.next");
  for (const char* value : {R"("a b")", R"("7")", "7", R"({"id":1,"t":"x"})", R"([1,"x"])"}) {
    const std::string body = std::string(R"({"next":)") + value + "}";
    CHECK(Next(cursor, {}, {.body = body}) == std::string("after:") + value);
  }
  CHECK(Next(cursor, {}, {.body = R"({"next":""})"}) == "end");
  Paging header = Make(PagingKind::kCursorHeader, "after");
  header.in_body = true;
  header.header = "x-next";
  CHECK(Next(header, {}, {.headers = {{"x-next", "a\"b"}}}) == R"(after:"a\"b")");
  CHECK(Next(header, {}, {.headers = {{"x-next", "\xff"}}}) == "error");
  Paging keyset = Make(PagingKind::kKeyset, "search_after");
  keyset.in_body = true;
  keyset.cursor = Query("$.sort");
  CHECK(Next(keyset, {}, {.records = 1, .last_record = R"({"sort":[17,"b"]})"}) ==
        R"(search_after:[17,"b"])");
  keyset.in_body = false;
  CHECK(Next(keyset, {}, {.records = 1, .last_record = R"({"sort":[17,"b"]})"}) == "error");
}

TEST_CASE("windows in a body, with pages in it or in the query") {
  Paging window = Windows();
  window.in_body = true;
  window.form = TimeForm::kUnix;
  CHECK(Walk(window, {{}, {}}) == std::vector<std::string>{"from:1772323200 to:1772409600",
                                                           "from:1772409600 to:1772496000", "end"});
  window.form = TimeForm::kTimestamp;
  Paging pages = Make(PagingKind::kPage, "page");
  pages.start = 1;
  window.within = std::make_shared<Paging>(pages);
  const std::string first = R"(from:"2026-03-01T00:00:00Z" to:"2026-03-02T00:00:00Z")";
  CHECK(
      Walk(window, {{.records = 1}, {.records = 0}}) ==
      std::vector<std::string>{"page=1 " + first, "page=2 " + first,
                               R"(page=1 from:"2026-03-02T00:00:00Z" to:"2026-03-03T00:00:00Z")"});
  CHECK(MakePaginator(window)->ChainOf(MakePaginator(window)->First()) == "2026-03-01T00:00:00Z");
}

TEST_CASE("Link headers as they come") {
  const auto next = [](const std::string& value) { return NextLink({{"link", value}}); };
  CHECK(next(R"(<a>; rel="prev", <b>; rel="next")") == "b");
  CHECK(next(R"(<b>;title="x, <c>; rel=next";rel=next)") == "b");
  CHECK(next(R"(<b>; rel="last next")") == "b");
  CHECK(next(R"(<b>; REL=NEXT)") == "b");
  CHECK(next(R"(<b,c>; rel=next)") == "b,c");
  CHECK(next(R"(<b>; rel="nextpage")").empty());
  CHECK(next(R"(<b>; rel=prev; rel=next)").empty());
  CHECK(next("<b").empty());
  CHECK(NextLink({{"link", "<a>; rel=prev"}, {"link", "<b>; rel=next"}}) == "b");
}

TEST_CASE("points in time") {
  const auto seconds = [](const std::string& text) {
    return ParseTime(text, TimeForm::kTimestamp).value_or(-1);
  };
  CHECK(seconds("1970-01-01T00:00:01Z") == 1);
  CHECK(seconds("2000-02-29") == 951'782'400);
  CHECK(seconds("2000-02-29T01:00:00.123+01:00") == 951'782'400);
  for (const char* bad : {"2001-02-29", "2001-2-9", "x", "2001-02-03T04:05", "2001-02-03T24:00:00Z",
                          "2001-02-03T04:05:06", "2001-02-03T04:05:06Zx"}) {
    CHECK(seconds(bad) == -1);
  }
  CHECK(FormatTime(951'782'400, TimeForm::kTimestamp) == "2000-02-29T00:00:00Z");
  CHECK(FormatTime(-1, TimeForm::kTimestamp) == "1969-12-31T23:59:59Z");
  CHECK(FormatTime(5, TimeForm::kUnixMilliseconds) == "5000");
  CHECK(*ParseTime("5999", TimeForm::kUnixMilliseconds) == 5);
}

}  // namespace
}  // namespace millrace::source::rest
