#include "source/rest/fetch.h"

#include <doctest/doctest.h>

#include <map>

#include "source/rest/journal.h"
#include "source/rest/rest_errors.h"
#include "source/rest/testing/fetching.h"

namespace millrace::source::rest {
namespace {

constexpr int kRecords = 23, kPerPage = 5;

RestSource Source() {
  RestSource source;
  source.name = "items";
  source.endpoint.url = "https://api.example.com/items";
  source.endpoint.records = Query("$.data[*]");
  source.endpoint.paging.kind = PagingKind::kOffset;
  source.endpoint.paging.param = "offset";
  source.total = Query("$.total");
  source.records_format = io::JsonlOptions{};
  source.fetch_key = "k1";
  return source;
}

std::string Body(int64_t offset, int64_t total = kRecords) {
  std::string data;
  for (int64_t i = offset; i < std::min<int64_t>(kRecords, offset + kPerPage); ++i) {
    data += (data.empty() ? "" : ",") + std::string("{\"id\":") + std::to_string(i) + "}";
  }
  return "{\"total\":" + std::to_string(total) + ",\"data\":[" + data + "]}";
}

Result<io::http::Response> ByOffset(const io::http::Request& request) {
  io::http::Response response;
  response.body = Body(std::atoll(FakeApi::Param(request.url, "offset").c_str()));
  return response;
}

TEST_CASE("a snapshot holds every page, and its id does not depend on anything else") {
  const auto one = std::make_shared<io::MemoryStore>(), two = std::make_shared<io::MemoryStore>();
  FakeApi api(ByOffset);
  const Snapshot first = Fetch(*one, Source(), api).ValueOrDie();
  CHECK(api.requests().size() == 6);  // the last page is the empty one
  CHECK(first.pages.size() == 6);
  CHECK(Fetch(*two, Source(), api).ValueOrDie().id == first.id);
  const std::string records = AllRecords(one, Source(), first);
  CHECK(records == AllRecords(two, Source(), first));
  CHECK(records.rfind("all/0000001=[{\"id\":0},\n{\"id\":1}", 0) == 0);
  CHECK(records.find("{\"id\":22}]") != std::string::npos);
  const SnapshotHistory history = ReadSnapshotHistory(*one, "items").ValueOrDie();
  CHECK(history.ids == std::vector<std::string>{first.id});
  CHECK(history.pending());
  CHECK(ReadSnapshot(*one, "items", first.id.substr(0, 6)).ValueOrDie().id == first.id);
  CHECK_FALSE(*Journal::IsOpen(*one, "items"));
}

TEST_CASE("a fetch that broke off goes on behind the last page, whichever it was") {
  const auto whole = std::make_shared<io::MemoryStore>();
  FakeApi api(ByOffset);
  const Snapshot undisturbed = Fetch(*whole, Source(), api).ValueOrDie();
  for (size_t broken = 1; broken <= 6; ++broken) {
    io::MemoryStore store;
    size_t sent = 0;
    FakeApi failing([&](const io::http::Request& request) -> Result<io::http::Response> {
      if (++sent == broken) return io::http::RequestFailed(true, "cut");
      return ByOffset(request);
    });
    CHECK_FALSE(Fetch(store, Source(), failing).ok());
    FakeApi again(ByOffset);
    CHECK(Fetch(store, Source(), again).ValueOrDie().id == undisturbed.id);
    CHECK(again.requests().size() == 6 - (broken - 1));
  }
}

TEST_CASE("a crash at any operation of the store, then the same snapshot") {
  const auto whole = std::make_shared<io::MemoryStore>();
  FakeApi api(ByOffset);
  const Snapshot undisturbed = Fetch(*whole, Source(), api).ValueOrDie();
  const std::string records = AllRecords(whole, Source(), undisturbed);
  for (const bool tear : {false, true}) {
    for (int crash_at = 1;; ++crash_at) {
      const auto store = std::make_shared<io::MemoryStore>();
      int operations = 0;
      io::FaultPlan plan;
      plan.tear = tear;
      plan.next_operation = [&](std::string_view, const std::string&) {
        return ++operations == crash_at ? MakeError(ErrorCode::kIoFailed, "crash") : Status::OK();
      };
      const bool done = Fetch(*io::MakeFaultyStore(store, plan), Source(), api).ok();
      api.Forget();
      const SnapshotHistory history = ReadSnapshotHistory(*store, "items").ValueOrDie();
      // What a run would do: take up a pending snapshot, else go on.
      const Snapshot snapshot = history.pending() && !*Journal::IsOpen(*store, "items")
                                    ? ReadSnapshot(*store, "items", history.ids.back()).ValueOrDie()
                                    : Fetch(*store, Source(), api).ValueOrDie();
      CHECK(snapshot.id == undisturbed.id);
      CHECK(AllRecords(store, Source(), snapshot) == records);
      if (done) break;
      REQUIRE(crash_at < 200);
    }
  }
}

TEST_CASE("an unfinished journal of other requests is no use") {
  io::MemoryStore store;
  FakeApi failing([](const io::http::Request& request) -> Result<io::http::Response> {
    if (FakeApi::Param(request.url, "offset") == "10") return io::http::RequestFailed(true, "cut");
    return ByOffset(request);
  });
  CHECK_FALSE(Fetch(store, Source(), failing).ok());
  RestSource changed = Source();
  changed.fetch_key = "k2";
  FakeApi api(ByOffset);
  CHECK(Fetch(store, changed, api).ok());
  CHECK(api.requests().size() == 6);
}

TEST_CASE("pages that lead in a circle") {
  io::MemoryStore store;
  FakeApi same([](const io::http::Request&) {
    io::http::Response response;
    response.body = Body(0);
    return Result<io::http::Response>(response);
  });
  CHECK(CodeOf(Fetch(store, Source(), same).status()) == kBadPage);
  // The records count, not what tells a time around them; also behind a fetch that broke off.
  int sent = 0;
  bool breaks_off = true;
  FakeApi numbered([&](const io::http::Request&) -> Result<io::http::Response> {
    if (breaks_off && sent == 1) return io::http::RequestFailed(true, "cut");
    io::http::Response response;
    response.body = Body(0);
    response.body.back() = ',';
    response.body += "\"request\":" + std::to_string(++sent) + "}";
    return response;
  });
  RestSource trusting = Source();
  trusting.endpoint.paging.stop = StopRule::kTotal;
  io::MemoryStore other;
  CHECK(CodeOf(Fetch(other, trusting, numbered).status()) != kBadPage);
  breaks_off = false;
  const Status again = Fetch(other, trusting, numbered).status();
  CHECK(CodeOf(again) == kBadPage);
  CHECK(again.message().find("page 1 again") != std::string::npos);
  CHECK(sent == 2);
  RestSource cursor = Source();
  cursor.endpoint.paging.kind = PagingKind::kCursorBody;
  cursor.endpoint.paging.cursor = Query("$.next");
  int n = 0;
  FakeApi circle([&](const io::http::Request&) {
    io::http::Response response;
    const std::string at = std::to_string(n++ % 3);
    response.body = "{\"data\":[{\"id\":" + std::to_string(n) + "}],\"next\":\"" + at + "\"}";
    return Result<io::http::Response>(response);
  });
  CHECK(CodeOf(Fetch(store, cursor, circle).status()) == kBadPage);
}

TEST_CASE("endless pages end at max_pages, and go on where more are allowed") {
  io::MemoryStore store;
  RestSource source = Source();
  source.pages_max = 4;
  FakeApi api(ByOffset);
  const Status status = Fetch(store, source, api).status();
  CHECK(CodeOf(status) == kTooManyPages);
  api.Forget();
  source.pages_max = 6;
  CHECK(Fetch(store, source, api).ok());
  CHECK(api.requests().size() == 2);
}

TEST_CASE("totals that differ name both numbers") {
  io::MemoryStore store;
  FakeApi api([](const io::http::Request& request) {
    io::http::Response response;
    response.body = Body(std::atoll(FakeApi::Param(request.url, "offset").c_str()), 25);
    return Result<io::http::Response>(response);
  });
  RestSource source = Source();
  const Status status = Fetch(store, source, api).status();
  CHECK(CodeOf(status) == kTotalMismatch);
  CHECK(status.message().find("25") != std::string::npos);
  CHECK(status.message().find("23") != std::string::npos);
  source.on_total_mismatch = OnMismatch::kIgnore;
  CHECK(Fetch(store, source, api).ok());
}

TEST_CASE("answers that are no pages are errors, not ends") {
  const std::vector<std::pair<std::string, ErrorCode>> bodies = {
      {"<html>busy</html>", kBadPage}, {"", kBadPage},
      {"{\"error\":\"x\"}", kBadPage}, {"{\"data\":{}}", kBadPage},
      {"{\"data\":null}", kBadPage},   {Body(0).substr(0, 40), kBadPage}};
  for (const auto& [body, code] : bodies) {
    io::MemoryStore store;
    const std::string answer = body;
    FakeApi api([&](const io::http::Request&) {
      io::http::Response response;
      response.body = answer;
      return Result<io::http::Response>(response);
    });
    INFO(answer);
    CHECK(CodeOf(Fetch(store, Source(), api).status()) == code);
  }
}

TEST_CASE("response rules") {
  RestSource source = Source();
  source.total.reset();
  source.responses.push_back({"gone", 404, 404, std::nullopt, ResponseAction::kIgnore});
  source.responses.push_back({"error", 0, 0, Query("$.error"), ResponseAction::kFail});
  io::http::Response response;
  FakeApi api([&](const io::http::Request&) { return Result<io::http::Response>(response); });
  const auto code = [&] {
    io::MemoryStore store;
    return CodeOf(Fetch(store, source, api).status());
  };
  response.status = 404;
  {
    const auto store = std::make_shared<io::MemoryStore>();
    const Snapshot snapshot = Fetch(*store, source, api).ValueOrDie();
    CHECK(snapshot.pages.size() == 1);
    CHECK(AllRecords(store, source, snapshot).empty());
  }
  response.status = 403;
  CHECK(code() == kBadAnswer);
  response.status = 200;
  response.body = R"({"error":"quota","data":[]})";
  CHECK(code() == kBadAnswer);
  response.body = R"({"error":null,"data":[]})";
  io::MemoryStore store;
  CHECK(Fetch(store, source, api).ok());
}

TEST_CASE("partitions have pages of their own, in an order of their own") {
  RestSource source = Source();
  source.partition_name = "region";
  source.partitions = {"us", "eu/1", "..", "ap"};
  source.endpoint.url = "https://api.example.com/{region}/items";
  source.endpoint.headers = {{"X-Region", "{region}"}};
  source.total.reset();
  std::string ids;
  for (const int concurrency : {1, 8}) {
    source.concurrency = concurrency;
    const auto store = std::make_shared<io::MemoryStore>();
    FakeApi api(ByOffset);
    const Snapshot snapshot = Fetch(*store, source, api).ValueOrDie();
    CHECK(snapshot.pages.size() == 24);
    CHECK(snapshot.pages.front().partition == "%2E.");
    CHECK(snapshot.pages.back().partition == "us");
    if (ids.empty()) ids = snapshot.id;
    CHECK(snapshot.id == ids);
    for (const auto& request : api.requests()) {
      CHECK(request.url.rfind("https://api.example.com/items", 0) != 0);  // of `..`
      if (request.url.find("/us/") == std::string::npos) continue;
      CHECK(request.credentials == io::http::Headers{{"X-Region", "us"}});
    }
  }
}

TEST_CASE("a next URL at another host gets no headers of ours") {
  RestSource source = Source();
  source.total.reset();
  source.endpoint.headers = {{"X-Team", "blue"}};
  source.endpoint.paging.kind = PagingKind::kNextUrl;
  source.endpoint.paging.cursor = Query("$.next");
  FakeApi api([](const io::http::Request& request) {
    io::http::Response response;
    const bool home = request.url.find("api.example.com") != std::string::npos;
    response.body = home ? R"({"data":[{"id":1}],"next":"https://cdn.example.net/2"})"
                         : R"({"data":[{"id":2}]})";
    return Result<io::http::Response>(response);
  });
  io::MemoryStore store;
  CHECK(Fetch(store, source, api).ok());
  const auto requests = api.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].credentials.size() == 1);
  CHECK(requests[1].credentials.empty());
  CHECK(requests[1].headers.empty());
}

TEST_CASE("a page that was damaged in the workspace is noticed") {
  const auto store = std::make_shared<io::MemoryStore>();
  FakeApi api(ByOffset);
  const Snapshot snapshot = Fetch(*store, Source(), api).ValueOrDie();
  const std::string key =
      BodyKey(SnapshotFolder("items", snapshot.id), snapshot.pages[1].body_sha256);
  REQUIRE(store->Replace(key, "{}").ok());
  const FileSource files = FilesOfSnapshot(store, Source(), snapshot, 1 << 20);
  CHECK(files.store->ReadSmall(files.files[0].key).ok());
  CHECK(CodeOf(files.store->ReadSmall(files.files[1].key).status()) ==
        ErrorCode::kWorkspaceDamaged);
}

// Records 0.. with times one second apart; `since` keeps those at that time or later.
Result<io::http::Response> ByTime(const io::http::Request& request, int64_t count) {
  io::http::Response response;
  const std::string since = FakeApi::Param(request.url, "since");
  const int64_t first = since.empty() ? 0 : std::atoll(since.c_str());
  const int64_t offset = std::atoll(FakeApi::Param(request.url, "offset").c_str());
  std::string data;
  for (int64_t i = first + offset; i < std::min(count, first + offset + kPerPage); ++i) {
    data += (data.empty() ? "" : ",") + std::string("{\"id\":") + std::to_string(i) +
            ",\"t\":" + std::to_string(i) + "}";
  }
  response.body = "{\"data\":[" + data + "]}";
  return response;
}

TEST_CASE("an incremental fetch goes on behind the last snapshot") {
  RestSource source = Source();
  source.total.reset();
  source.incremental = Incremental{"since", false, Query("$.t"), CursorForm::kInteger, "", 0};
  const auto store = std::make_shared<io::MemoryStore>();
  int64_t count = 7;
  FakeApi api([&](const io::http::Request& request) { return ByTime(request, count); });
  const Snapshot first = Fetch(*store, source, api).ValueOrDie();
  CHECK(first.pages.size() == 3);
  CHECK(first.pages[1].cursor == "6");

  // The last record comes again, for the API's parameter takes in its own value.
  count = 9;
  api.Forget();
  const Snapshot second = Fetch(*store, source, api, &first).ValueOrDie();
  CHECK(FakeApi::Param(api.requests()[0].url, "since") == "6");
  CHECK(second.pages.size() == 4);  // an empty page that ends it is left out
  CHECK(second.pages.back().page == 4);
  CHECK(AllRecords(store, source, second)
            .find("all/0000004=[{\"id\":6,\"t\":6},\n{\"id\":7,\"t\":7},\n{\"id\":8,\"t\":8}]") !=
        std::string::npos);

  source.incremental->lookback = 3;
  api.Forget();
  CHECK(Fetch(*store, source, api, &second).ok());
  CHECK(FakeApi::Param(api.requests()[0].url, "since") == "5");

  // Nothing at all: the same snapshot.
  FakeApi silent([&](const io::http::Request& request) { return ByTime(request, 0); });
  CHECK(Fetch(*store, source, silent, &second).ValueOrDie().id == second.id);
}

TEST_CASE("an incremental fetch that broke off goes on as well") {
  RestSource source = Source();
  source.total.reset();
  source.incremental = Incremental{"since", false, Query("$.t"), CursorForm::kInteger, "", 0};
  const auto whole = std::make_shared<io::MemoryStore>();
  FakeApi few([](const io::http::Request& request) { return ByTime(request, 7); });
  FakeApi many([](const io::http::Request& request) { return ByTime(request, 20); });
  const Snapshot base = Fetch(*whole, source, few).ValueOrDie();
  const Snapshot undisturbed = Fetch(*whole, source, many, &base).ValueOrDie();
  for (size_t broken = 1; broken <= many.requests().size(); ++broken) {
    io::MemoryStore store;
    const Snapshot first = Fetch(store, source, few).ValueOrDie();
    size_t sent = 0;
    FakeApi failing([&](const io::http::Request& request) -> Result<io::http::Response> {
      if (++sent == broken) return io::http::RequestFailed(true, "cut");
      return ByTime(request, 20);
    });
    CHECK_FALSE(Fetch(store, source, failing, &first).ok());
    FakeApi again([](const io::http::Request& request) { return ByTime(request, 20); });
    CHECK(Fetch(store, source, again, &first).ValueOrDie().id == undisturbed.id);
    CHECK(again.requests().size() == many.requests().size() - (broken - 1));
  }
}

TEST_CASE("children are asked for each parent, and carry what they are told to") {
  RestSource source = Source();
  source.total.reset();
  source.endpoint.url = "https://api.example.com/customers/{customer}/orders";
  source.endpoint.paging = Paging{};
  Parent parent;
  parent.name = "customer";
  parent.key = Query("$.id");
  parent.carry = {{"\"customer\"", Query("$.name")}, {"\"region\"", Query("$.region")}};
  parent.endpoint.url = "https://api.example.com/customers";
  parent.endpoint.records = Query("$.data[*]");
  source.parent = parent;
  std::string name = "Ann";
  FakeApi api([&](const io::http::Request& request) {
    io::http::Response response;
    if (request.url.find("/orders") == std::string::npos) {
      response.body = R"({"data":[{"id":"b/1","name":")" + name + R"("},{"id":2,"name":"Bo"},)" +
                      R"({"id":2,"name":"Bo again"}]})";
    } else {
      const bool of_b = request.url.find("b%2F1") != std::string::npos;
      response.body = of_b ? R"({"data":[{},{"x":1}]})" : R"({"data":[{"x":2}]})";
    }
    return Result<io::http::Response>(response);
  });
  const auto store = std::make_shared<io::MemoryStore>();
  const Snapshot snapshot = Fetch(*store, source, api).ValueOrDie();
  CHECK(api.requests().size() == 3);
  CHECK(AllRecords(store, source, snapshot) ==
        "2/0000001=[{\"customer\":\"Bo\",\"region\":null,\"x\":2}]\n"
        "b%2F1/0000001=[{\"customer\":\"Ann\",\"region\":null},\n"
        "{\"customer\":\"Ann\",\"region\":null,\"x\":1}]\n");
  // Another name for a parent is another version of its children's files.
  const FileSource before = FilesOfSnapshot(store, source, snapshot, 1 << 20);
  name = "Anne";
  const FileSource after =
      FilesOfSnapshot(store, source, Fetch(*store, source, api).ValueOrDie(), 1 << 20);
  CHECK(before.files[0].SameVersion(after.files[0]));
  CHECK_FALSE(before.files[1].SameVersion(after.files[1]));
}

TEST_CASE("a parent without a key is an error") {
  RestSource source = Source();
  source.endpoint.url = "https://api.example.com/{p}";
  source.parent = Parent{"p", source.endpoint, Query("$.id"), {}};
  source.parent->endpoint.url = "https://api.example.com/parents";
  source.parent->endpoint.paging = Paging{};
  FakeApi api([](const io::http::Request&) {
    io::http::Response response;
    response.body = R"({"data":[{"ID":1}]})";
    return Result<io::http::Response>(response);
  });
  io::MemoryStore store;
  CHECK(CodeOf(Fetch(store, source, api).status()) == kBadPage);
}

}  // namespace
}  // namespace millrace::source::rest
