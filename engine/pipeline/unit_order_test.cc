#include "pipeline/unit_order.h"

#include <doctest/doctest.h>

namespace millrace::pipeline {
namespace {

stage::UnitCall Call() {
  stage::UnitCall call;
  call.kind = stage::UnitKind::kSummarise;
  call.stage = "quality";
  call.folder = "stages/quality/abc.2";
  call.index = 7;
  call.name = "web-123";
  call.id = "456";
  call.instance = 3;
  call.decisions = {R"({"from":5,"mask":"5"})", "\xff no UTF-8"};
  call.detail = "{}";
  return call;
}

}  // namespace

TEST_CASE("a unit comes through as it was, but for bytes that are no text") {
  UnitHead head;
  head.plan_id = "0f3a";
  head.engine_version = "1 \"x\"";
  head.code_version = "c";
  head.ingest_folder = "stages/ingest/1";
  head.snapshots = {{"api", "s1"}};
  head.folders = {{"quality", "stages/quality/abc.2"}};
  UnitHead got;
  stage::UnitCall call;
  REQUIRE(UnitFromJson(UnitToJson(head, Call()), &got, &call).ok());
  CHECK(got == head);
  CHECK(call.kind == stage::UnitKind::kSummarise);
  CHECK(call.stage == "quality");
  CHECK(call.folder == Call().folder);
  CHECK(call.index == 7);
  CHECK(call.name == "web-123");
  CHECK(call.id == "456");
  CHECK(call.instance == 3);
  REQUIRE(call.decisions.size() == 2);
  CHECK(call.decisions[0] == Call().decisions[0]);
  CHECK(call.detail == "{}");
}

TEST_CASE("what is no unit is refused") {
  UnitHead head;
  stage::UnitCall call;
  for (const std::string text :
       {"", "{}", "[]", "null", "{\"plan_id\": 1}", "{\"plan_id\": \"a\"}"}) {
    CAPTURE(text);
    CHECK(CodeOf(UnitFromJson(text, &head, &call)) == ErrorCode::kUsage);
  }
  stage::UnitCall good = Call();
  std::string text = stage::UnitCallToJson(good);
  text.replace(text.find("summarise"), 9, "something");
  CHECK(CodeOf(stage::UnitCallFromJson(text).status()) == ErrorCode::kUsage);
}

TEST_CASE("a reply is the commit, or the error with its code and place") {
  CHECK(CommitOfReply(ReplyToJson(std::string("abc"))).ValueOrDie() == "abc");
  CHECK(CommitOfReply(ReplyToJson(Status::Cancelled("stop"))).status().IsCancelled());

  Diagnostic first;
  first.code = ErrorCode::kColumnFailed;
  first.message = "a \"value\"";
  first.suggestion = "mend it";
  first.span = {"p.yaml", 3, 4, 5};
  first.source_line = "  id: x";
  Diagnostic second;
  second.code = ErrorCode::kIoFailed;
  second.message = "disk";
  const Status error = MakeError(std::vector<Diagnostic>{first, second});
  const auto told = DiagnosticsOf(CommitOfReply(ReplyToJson(error)).status());
  REQUIRE(told.size() == 2);
  CHECK(told[0].code == first.code);
  CHECK(told[0].message == first.message);
  CHECK(told[0].suggestion == first.suggestion);
  CHECK(told[0].span.file == "p.yaml");
  CHECK(told[0].span.line == 3);
  CHECK(told[0].span.column == 4);
  CHECK(told[0].span.length == 5);
  CHECK(told[0].source_line == first.source_line);
  CHECK(told[1].code == second.code);

  for (const std::string text : {"", "{}", "nonsense", "{\"errors\": []}", "{\"errors\": [1]}"}) {
    CAPTURE(text);
    CHECK(CodeOf(CommitOfReply(text).status()) == ErrorCode::kBug);
  }
}

}  // namespace millrace::pipeline
