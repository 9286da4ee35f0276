#include "stage/ingest.h"

#include <arrow/api.h>
#include <doctest/doctest.h>
#include <parquet/arrow/reader.h>

#include <atomic>
#include <map>
#include <random>

#include "base/testing/temp_folder.h"
#include "stage/testing/ingest_fixture.h"

namespace millrace::stage {

TEST_CASE("every record becomes a row with its place, or a reject with its reason") {
  TempFolder folder;
  folder.Write("in/a.txt", "1,one\n!bad\nx,two\n2,three\n");
  folder.Write("in/b.txt", "3,four");
  TestRun run(folder.path());
  const auto tables = run.Run().ValueOrDie();
  REQUIRE(tables.size() == 1);
  const Manifest& table = tables[0];
  CHECK(table.rows.read == 5);
  CHECK(table.rows.written == 3);
  CHECK(table.rows.rejected == 2);
  CHECK(run.Column(table, "id") == std::vector<std::string>{"1", "2", "3"});
  CHECK(run.Column(table, "__fdf__/row_id") ==
        std::vector<std::string>{"src/a.txt#0", "src/a.txt#3", "src/b.txt#0"});
  CHECK(run.RejectColumn(table, "rule") ==
        std::vector<std::string>{"line.marked", "contract.cast"});
  CHECK(run.RejectColumn(table, "__fdf__/row_id") ==
        std::vector<std::string>{"src/a.txt#1", "src/a.txt#2"});
  CHECK(run.RejectColumn(table, "instance") == std::vector<std::string>{"line", "contract"});
  CHECK(run.RejectColumn(table, "byte_offset") == std::vector<std::string>{"6", "null"});
  CHECK(run.RejectColumn(table, "value") == std::vector<std::string>{"null", "x"});
  REQUIRE(table.rejects.size() == 2);
  CHECK(table.rejects[0].rule == "contract.cast");
  CHECK(table.inputs.size() == 2);
  CHECK(table.rows_by_source.at("src").read == 5);
}

TEST_CASE("no rows, no files, only rejects: still a manifest that adds up") {
  for (const auto& texts :
       std::vector<std::vector<std::string>>{{}, {""}, {"", ""}, {"!x\n!y\n"}}) {
    TempFolder folder;
    for (size_t i = 0; i < texts.size(); ++i) folder.Write("in/" + std::to_string(i), texts[i]);
    TestRun run(folder.path());
    const auto tables = run.Run().ValueOrDie();
    CHECK(tables.at(0).outputs.empty());
    CHECK(tables.at(0).rows.rejected == tables.at(0).rows.read);
  }
}

TEST_CASE("the same bytes for any threads, chunks, memory and folder") {
  const std::string text = RandomLines(7, 3000);
  std::map<std::string, std::string> expected;
  for (const int threads : {1, 2, 8}) {
    for (const int64_t chunk_bytes : {1, 100, 4096, 1 << 20}) {
      for (const int64_t memory : {int64_t{256} << 20, int64_t{2} << 30}) {
        if (chunk_bytes == 1 && threads != 8) continue;
        TempFolder folder;
        WriteInputs(folder, text);
        TestRun run(folder.path());
        run.input.chunk_bytes = chunk_bytes;
        run.plan.contracts[0].columns[0].unique = true;
        run.limits = {threads, memory};
        REQUIRE(run.Run().ok());
        const auto tree = run.Tree();
        if (expected.empty()) expected = tree;
        CHECK(tree == expected);
      }
    }
  }
}

TEST_CASE("running again skips all, and finds what became damaged") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(8, 500));
  TestRun run(folder.path());
  REQUIRE(run.Run().ok());
  const auto tree = run.Tree();
  Progress progress;
  run.progress = &progress;
  const Manifest table = run.Run().ValueOrDie().at(0);
  CHECK(progress.splits_skipped == progress.splits_total);
  CHECK(run.Tree() == tree);
  REQUIRE(run.workspace->Remove(IngestFolder(run.plan) + '/' + table.outputs.at(0).path).ok());
  Progress again;
  run.progress = &again;
  REQUIRE(run.Run().ok());
  CHECK(again.splits_skipped == again.splits_total - 1);
  CHECK(run.Tree() == tree);
}

TEST_CASE("any sequence of runs over a growing folder ends in the bytes of a fresh workspace") {
  const uint64_t seed = 20261121;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 5; ++round) {
    TempFolder folder;
    TestRun run(folder.path());
    std::vector<int> order(12);
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i = 0; i < order.size(); ++i) {
      const int n = order[i];
      folder.Write("in/f" + std::to_string(n), RandomLines(static_cast<uint64_t>(n), 50));
      if (i % 4 == 3) REQUIRE(run.Run().ok());
    }
    TestRun fresh(folder.path(), "fresh");
    REQUIRE(fresh.Run().ok());
    CHECK(run.ManifestTree() == fresh.ManifestTree());
  }
}

namespace {

/// Runs until the crash at operation k, then again on the good store, for every k there is.
void CrashEverywhere(const TempFolder& inputs, const IngestPlan& plan, bool tear) {
  TempFolder fresh_folder;
  TestRun fresh(inputs.path());
  fresh.workspace = io::MakeLocalStore(fresh_folder.path(), true);
  fresh.plan = plan;
  REQUIRE(fresh.Run().ok());
  const auto expected = fresh.Tree();
  for (int k = 1;; ++k) {
    CAPTURE(k);
    CAPTURE(tear);
    TempFolder folder;
    TestRun run(inputs.path());
    run.plan = plan;
    run.limits.threads = 1;
    const auto good = run.workspace = io::MakeLocalStore(folder.path(), true);
    int operations = 0;
    io::FaultPlan faults;
    faults.tear = tear;
    faults.next_operation = [&](std::string_view, const std::string&) {
      return ++operations == k ? MakeError(ErrorCode::kIoFailed, "crash") : Status::OK();
    };
    run.workspace = io::MakeFaultyStore(good, faults);
    const auto crashed = run.Run();
    if (operations < k) {  // every operation has had its turn
      CHECK(crashed.ok());
      CHECK(k > 15);
      return;
    }
    CHECK_FALSE(crashed.ok());
    const auto faulty = run.workspace;  // keeps the litter until the end
    run.workspace = good;
    REQUIRE(run.Run().ok());
    const auto tree = run.Tree();
    CHECK(tree.size() == expected.size());
    for (const auto& file : expected) {
      CAPTURE(file.first);
      CHECK((tree.count(file.first) == 1 && tree.at(file.first) == file.second));
    }
  }
}

}  // namespace

TEST_CASE("a crash at every operation, whole or torn, is made good by running again") {
  TempFolder inputs;
  for (int i = 0; i < 4; ++i)
    inputs.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i % 3), 12));
  TestRun run(inputs.path());
  for (const bool unique : {false, true}) {
    run.plan.contracts[0].columns[0].unique = unique;
    run.plan.contract_json = {unique ? "unique" : "plain"};
    run.plan.split_bytes = 200;
    for (const bool tear : {false, true}) CrashEverywhere(inputs, run.plan, tear);
  }
}

TEST_CASE("of several errors the first in row order is told, whatever the threads") {
  TempFolder folder;
  for (int i = 0; i < 8; ++i) {
    folder.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i), 200) +
                                                 (i >= 3 ? "fail" + std::to_string(i) + "\n" : ""));
  }
  for (int round = 0; round < 10; ++round) {
    TestRun run(folder.path(), "w" + std::to_string(round));
    run.limits.threads = 8;
    run.plan.split_bytes = 1;
    run.input.on_file_end = [](const std::string& path) {
      return path >= "f3" ? MakeError(ErrorCode::kFileChanged, path) : Status::OK();
    };
    const Status status = run.Run().status();
    CHECK(CodeOf(status) == ErrorCode::kFileChanged);
    CHECK(status.message() == "f3");
  }
}

TEST_CASE("a file that fails in the middle, and one that changes, end the run") {
  TempFolder folder;
  folder.Write("in/f", "1,a\n2,b\nbroken\n3,c\n");
  TestRun run(folder.path());
  run.input.fail_on_line = "broken";
  CHECK(CodeOf(run.Run().status()) == ErrorCode::kCorruptFile);
  run.input.fail_on_line = "";
  run.input.on_file_end = [&](const std::string&) {
    folder.Write("in/f", "1,a\n2,b\n3,c\n4,d, longer now\n");
    return Status::OK();
  };
  CHECK(CodeOf(run.Run().status()) == ErrorCode::kFileChanged);
  run.input.on_file_end = nullptr;
  run.List();
  CHECK(run.Run().ValueOrDie().at(0).rows.written == 4);
}

TEST_CASE("a budget of rejects ends the run with exit code 3 and keeps the rejects") {
  TempFolder folder;
  std::string text;
  for (int i = 0; i < 100; ++i) text += i % 10 == 0 ? "!bad\n" : std::to_string(i) + ",x\n";
  folder.Write("in/f", text);
  TestRun run(folder.path());
  run.plan.sources[0].limits.max_rejects = 9;
  const Status early = run.Run().status();
  CHECK(ExitCodeOf(early) == 3);
  CHECK(early.message().find("max_rejects") != std::string::npos);
  const auto kept = run.workspace->List(IngestFolder(run.plan) + "/rejects").ValueOrDie();
  CHECK(kept.size() == 1);
  run.plan.sources[0].limits.max_rejects = 10;
  CHECK(run.Run().ok());

  run.plan.sources[0].limits = {std::nullopt, 0.0999};
  const Status fraction = run.Run().status();
  CHECK(ExitCodeOf(fraction) == 3);
  CHECK(fraction.message().find("10 of 100") != std::string::npos);
  CHECK(fraction.message().find("line.marked 10") != std::string::npos);
  run.plan.sources[0].limits.max_reject_fraction = 0.1;
  CHECK(run.Run().ok());
}

TEST_CASE("a cancelled run resumes, a memory limit that is too small is refused with the remedy") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(9, 500));
  TestRun run(folder.path());
  std::atomic<bool> cancelled{true};
  run.cancelled = &cancelled;
  CHECK(ExitCodeOf(run.Run().status()) == 130);
  cancelled = false;
  CHECK(run.Run().ok());
  run.limits.memory_bytes = 10 << 20;
  const Status small = run.Run().status();
  CHECK(CodeOf(small) == ErrorCode::kMemoryLimit);
  CHECK(DiagnosticsOf(small)[0].suggestion.find("at least") != std::string::npos);
}

}  // namespace millrace::stage
