// Windows of several pages, and paging in the body of a POST: whole, broken off anywhere, and
// against APIs that break their word.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "source/rest/rest_errors.h"
#include "source/rest/testing/fetching.h"
#include "source/rest/time_text.h"

namespace millrace::source::rest {
namespace {

using Json = nlohmann::json;

constexpr int64_t kHours = 24, kPerPage = 4;  // seven records an hour in hours 2 to 4, none else

struct Asked {
  int64_t since = 0, until = 0, offset = 0;
};

// The records of the hours [since, until) behind `offset`, and how many the hours have in all.
io::http::Response Hours(const Asked& asked) {
  std::vector<int64_t> ids;
  for (int64_t hour = asked.since; hour < asked.until; ++hour) {
    for (int64_t i = 0; hour >= 2 && hour < 5 && i < 7; ++i) ids.push_back(hour * 10 + i);
  }
  Json body = {{"total", ids.size()}, {"data", Json::array()}};
  for (int64_t i = asked.offset; i < asked.offset + kPerPage; ++i) {
    if (i < static_cast<int64_t>(ids.size())) {
      body["data"].push_back({{"id", ids[static_cast<size_t>(i)]}});
    }
  }
  io::http::Response response;
  response.body = body.dump();
  return response;
}

Result<io::http::Response> ByQuery(const io::http::Request& request) {
  const auto number = [&](const char* name) {
    return std::atoll(FakeApi::Param(request.url, name).c_str());
  };
  return Hours({number("since") / 3600, number("until") / 3600, number("offset")});
}

Result<io::http::Response> ByBody(const io::http::Request& request) {
  const Json body = Json::parse(request.body);
  return Hours({body.at("filter").at("since").get<int64_t>() / 3600,
                body.at("filter").at("until").get<int64_t>() / 3600,
                body.value("/page/offset"_json_pointer, int64_t{0})});
}

RestSource ByWindows(bool in_body) {
  RestSource source;
  source.name = "items";
  source.endpoint.url = "https://api.example.com/items";
  source.endpoint.records = Query("$.data[*]");
  source.total = Query("$.total");
  source.records_format = io::JsonlOptions{};
  source.fetch_key = "k1";
  Paging pages;
  pages.kind = PagingKind::kOffset;
  pages.param = in_body ? "$.page.offset" : "offset";
  pages.in_body = in_body;
  Paging& windows = source.endpoint.paging;
  windows.kind = PagingKind::kTimeWindow;
  windows.in_body = in_body;
  windows.param = in_body ? "$.filter.since" : "since";
  windows.end_param = in_body ? "$.filter.until" : "until";
  windows.form = TimeForm::kUnix;
  windows.to_s = kHours * 3600;
  windows.step_s = 3 * 3600;
  windows.within = std::make_shared<Paging>(pages);
  if (in_body) {
    source.endpoint.method = "POST";
    source.endpoint.body = R"({"filter":{"kind":"a"}})";
    source.endpoint.body_is_json = true;
  }
  return source;
}

FakeApi::Answer AnswerFor(bool in_body) { return in_body ? ByBody : ByQuery; }

TEST_CASE("every record of every window comes, by query and by body") {
  std::string records;
  for (const bool in_body : {false, true}) {
    const auto store = std::make_shared<io::MemoryStore>();
    FakeApi api(AnswerFor(in_body));
    const Snapshot snapshot = Fetch(*store, ByWindows(in_body), api).ValueOrDie();
    // Hours 0-3: 4 + 3 + none; hours 3-6: 4 + 4 + 4 + 2 + none; six windows with nothing.
    CHECK(snapshot.pages.size() == 14);
    const std::string all = AllRecords(store, ByWindows(in_body), snapshot);
    for (int64_t hour = 2; hour < 5; ++hour) {
      for (int64_t i = 0; i < 7; ++i) {
        CHECK(all.find("{\"id\":" + std::to_string(hour * 10 + i) + "}") != std::string::npos);
      }
    }
    CHECK((records.empty() || all == records));
    records = all;
    for (const auto& request : api.requests()) {
      CHECK(request.body.empty() != in_body);
      if (in_body) CHECK(request.headers.at(0).second == "application/json");
    }
  }
}

TEST_CASE("a windowed fetch that broke off goes on behind the last page, whichever it was") {
  for (const bool in_body : {false, true}) {
    io::MemoryStore whole;
    FakeApi api(AnswerFor(in_body));
    const Snapshot undisturbed = Fetch(whole, ByWindows(in_body), api).ValueOrDie();
    const size_t requests = api.requests().size();
    for (size_t broken = 1; broken <= requests; ++broken) {
      io::MemoryStore store;
      size_t sent = 0;
      FakeApi failing([&](const io::http::Request& request) -> Result<io::http::Response> {
        if (++sent == broken) return io::http::RequestFailed(true, "cut");
        return AnswerFor(in_body)(request);
      });
      CHECK_FALSE(Fetch(store, ByWindows(in_body), failing).ok());
      FakeApi again(AnswerFor(in_body));
      CHECK(Fetch(store, ByWindows(in_body), again).ValueOrDie().id == undisturbed.id);
      CHECK(again.requests().size() == requests - (broken - 1));
    }
  }
}

TEST_CASE("a crash of a windowed fetch at any operation of the store, then the same snapshot") {
  const auto whole = std::make_shared<io::MemoryStore>();
  FakeApi api(ByBody);
  const Snapshot undisturbed = Fetch(*whole, ByWindows(true), api).ValueOrDie();
  for (int crash_at = 1;; ++crash_at) {
    const auto store = std::make_shared<io::MemoryStore>();
    int operations = 0;
    io::FaultPlan plan;
    plan.tear = true;
    plan.next_operation = [&](std::string_view, const std::string&) {
      return ++operations == crash_at ? MakeError(ErrorCode::kIoFailed, "crash") : Status::OK();
    };
    const bool done = Fetch(*io::MakeFaultyStore(store, plan), ByWindows(true), api).ok();
    CHECK(Fetch(*store, ByWindows(true), api).ValueOrDie().id == undisturbed.id);
    if (done) break;
    REQUIRE(crash_at < 300);
  }
}

TEST_CASE("totals count window by window, and a page that comes again in one is an error") {
  io::MemoryStore store;
  FakeApi lying([](const io::http::Request& request) -> Result<io::http::Response> {
    ARROW_ASSIGN_OR_RAISE(io::http::Response response, ByQuery(request));
    Json body = Json::parse(response.body);
    if (FakeApi::Param(request.url, "since") == "10800") body["total"] = 15;
    response.body = body.dump();
    return response;
  });
  const Status status = Fetch(store, ByWindows(false), lying).status();
  CHECK(CodeOf(status) == kTotalMismatch);
  CHECK(status.message().find("window `10800`") != std::string::npos);
  FakeApi stuck([](const io::http::Request& request) {
    io::http::Request first = request;
    first.url = request.url.substr(0, request.url.find("offset=")) + "offset=0&" +
                request.url.substr(request.url.find("since="));
    return ByQuery(first);
  });
  CHECK(CodeOf(Fetch(store, ByWindows(false), stuck).status()) == kBadPage);
}

TEST_CASE("an answer that a rule ignores ends its window alone") {
  RestSource source = ByWindows(false);
  source.total.reset();
  source.responses.push_back({"none", 404, 404, std::nullopt, ResponseAction::kIgnore});
  FakeApi api([](const io::http::Request& request) -> Result<io::http::Response> {
    ARROW_ASSIGN_OR_RAISE(io::http::Response response, ByQuery(request));
    if (Json::parse(response.body)["data"].empty()) response.status = 404;
    return response;
  });
  const auto store = std::make_shared<io::MemoryStore>();
  const Snapshot snapshot = Fetch(*store, source, api).ValueOrDie();
  CHECK(snapshot.pages.size() == 14);
  CHECK(AllRecords(store, source, snapshot).find("{\"id\":46}") != std::string::npos);
}

TEST_CASE("a partition's value stays what it is in a JSON body") {
  RestSource source = ByWindows(true);
  source.endpoint.paging = Paging{};
  source.total.reset();
  source.partition_name = "team";
  source.partitions = {"a\"b", "c\\d"};
  source.endpoint.body = R"({"team":"{team}","x":{"y":1}})";
  std::vector<std::string> teams;
  source.concurrency = 1;
  FakeApi api([&](const io::http::Request& request) {
    teams.push_back(Json::parse(request.body).at("team").get<std::string>());
    io::http::Response response;
    response.body = R"({"data":[]})";
    return Result<io::http::Response>(response);
  });
  io::MemoryStore store;
  CHECK(Fetch(store, source, api).ok());
  CHECK(teams == source.partitions);
}

TEST_CASE("what is no UTF-8 and is to be remembered is an error that says so") {
  RestSource source = ByWindows(false);
  source.total.reset();
  source.endpoint.paging = Paging{};
  source.endpoint.paging.kind = PagingKind::kCursorBody;
  source.endpoint.paging.param = "after";
  source.endpoint.paging.cursor = Query("$.next");
  FakeApi api([](const io::http::Request&) {
    io::http::Response response;
    response.headers = {{"etag", "\xff"}};
    response.body = "{\"data\":[{\"id\":1}],\"next\":\"\xe9\"}";
    return Result<io::http::Response>(response);
  });
  io::MemoryStore store;
  CHECK(CodeOf(Fetch(store, source, api).status()) == kBadPage);
  source.endpoint.paging = Paging{};
  CHECK(Fetch(store, source, api).ok());  // a header is only for looking at
}

TEST_CASE("an incremental fetch by body sends what its form is") {
  RestSource source = ByWindows(true);
  source.total.reset();
  Paging pages;
  pages.kind = PagingKind::kOffset;
  pages.in_body = true;
  pages.param = "offset";
  source.endpoint.paging = pages;
  source.endpoint.body = "{}";
  source.incremental = Incremental{"$.since", true, Query("$.id"), CursorForm::kInteger, "", 0};
  std::vector<Json> asked;
  FakeApi api([&](const io::http::Request& request) {
    asked.push_back(Json::parse(request.body));
    io::http::Response response;
    const bool first = asked.back()["offset"] == 0;
    response.body = first ? R"({"data":[{"id":7},{"id":9}]})" : R"({"data":[]})";
    return Result<io::http::Response>(response);
  });
  io::MemoryStore store;
  const Snapshot snapshot = Fetch(store, source, api).ValueOrDie();
  CHECK(asked.at(0) == Json({{"offset", 0}}));
  CHECK(Fetch(store, source, api, &snapshot).ok());
  CHECK(asked.at(2) == Json({{"offset", 0}, {"since", 9}}));
}

}  // namespace
}  // namespace millrace::source::rest
