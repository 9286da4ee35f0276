#include "pipeline/run_folder.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/testing/temp_folder.h"
#include "pipeline/run_history.h"

namespace millrace::pipeline {
TEST_CASE("an incomplete run is continued in its folder, a complete one is followed") {
  const TempFolder folder;
  const auto store = io::MakeLocalStore(folder.path());
  CHECK(*OpenRunFolder(*store, "abc") == "runs/abc.1");
  REQUIRE(AttemptLog::Open(*store, "runs/abc.1").ok());
  CHECK(*OpenRunFolder(*store, "abc") == "runs/abc.1");
  REQUIRE(store->Replace("runs/abc.1/report.json", "{}").ok());
  CHECK(*OpenRunFolder(*store, "abc") == "runs/abc.2");
  CHECK(*OpenRunFolder(*store, "ab") == "runs/ab.1");
  REQUIRE(store->Replace("runs/abc.10/report.json", "{}").ok());
  CHECK(*OpenRunFolder(*store, "abc") == "runs/abc.11");
}

TEST_CASE("an attempt tells at once what happens") {
  const TempFolder folder;
  const auto store = io::MakeLocalStore(folder.path());
  {
    const auto first = AttemptLog::Open(*store, "runs/abc.1");
    REQUIRE(first.ok());
    (*first)->Event("split_committed", {{"split", "s-\"1\""}});
    // Written through: a crash now would leave both lines.
    const std::string text = *store->ReadSmall("runs/abc.1/attempts/1.jsonl");
    const size_t second_line = text.find('\n') + 1;
    const auto event = nlohmann::json::parse(text.substr(second_line));
    CHECK(event["event"] == "split_committed");
    CHECK(event["split"] == "s-\"1\"");
  }
  const auto second = AttemptLog::Open(*store, "runs/abc.1");
  REQUIRE(second.ok());
  (*second)->Event("attempt_failed", {{"message", "no luck"}});
  REQUIRE(store->Replace("runs/nonsense", "{}").ok());
  const auto runs = PastRuns(*store);
  REQUIRE(runs.ok());
  REQUIRE(runs->size() == 1);
  CHECK(runs->front().attempts == 2);
  CHECK_FALSE(runs->front().complete);
  CHECK(runs->front().last_event == "attempt_failed");
  CHECK(runs->front().last_message == "no luck");
}

}  // namespace millrace::pipeline
