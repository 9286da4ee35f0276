#include "stage/duplicates.h"

#include <arrow/api.h>
#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <random>
#include <set>

#include "base/testing/temp_folder.h"
#include "stage/key_summary.h"
#include "stage/testing/ingest_fixture.h"

namespace millrace::stage {
namespace {

using Row = std::pair<size_t, int64_t>;  // split, position

/// The slow, obvious way: a map from the key to its first row.
std::vector<std::pair<Row, Row>> DuplicatesByMap(const std::vector<std::vector<uint64_t>>& splits) {
  std::map<uint64_t, Row> first;
  std::vector<std::pair<Row, Row>> duplicates;
  for (size_t split = 0; split < splits.size(); ++split) {
    for (size_t i = 0; i < splits[split].size(); ++i) {
      const Row row{split, static_cast<int64_t>(i)};
      const auto [found, is_new] = first.emplace(splits[split][i], row);
      if (!is_new) duplicates.push_back({row, found->second});
    }
  }
  return duplicates;
}

std::vector<std::pair<Row, Row>> DuplicatesByMerge(const std::vector<std::vector<uint64_t>>& splits,
                                                   int64_t bytes_max) {
  TempFolder folder;
  auto store = io::MakeLocalStore(folder.path());
  SpillFolder spill(*store, "spill");
  std::vector<CommitRecord> records(splits.size());
  std::vector<const CommitRecord*> pointers;
  for (size_t i = 0; i < splits.size(); ++i) {
    auto writer = KeySummaryWriter::Open(*store, "keys/" + std::to_string(i), nullptr).ValueOrDie();
    for (size_t row = 0; row < splits[i].size(); ++row) {
      // The low half alone differs: ties of the high half must be told apart.
      REQUIRE(writer->Add({splits[i][row] % 3, splits[i][row]}, static_cast<int64_t>(row)).ok());
    }
    records[i].keys.push_back({"id", writer->Finish().ValueOrDie()});
    pointers.push_back(&records[i]);
  }
  auto stream =
      FindDuplicates(
          *store, spill, pointers, [](const std::string& path) { return path; }, bytes_max)
          .ValueOrDie();
  std::vector<std::pair<Row, Row>> duplicates;
  for (Duplicate d; stream->Next(&d).ValueOrDie();) {
    duplicates.push_back({{static_cast<size_t>(d.split), d.position},
                          {static_cast<size_t>(d.first_split), d.first_position}});
  }
  return duplicates;
}

}  // namespace

TEST_CASE("the merge of summaries finds what a map finds, in any memory") {
  const uint64_t seed = 20261121;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const int64_t bytes_max : {int64_t{1}, int64_t{1} << 26}) {
    for (int round = 0; round < 10; ++round) {
      std::vector<std::vector<uint64_t>> splits(random() % 9);
      for (auto& split : splits) {
        split.resize(random() % 200);
        for (uint64_t& key : split) key = random() % 300;
      }
      CHECK(DuplicatesByMerge(splits, bytes_max) == DuplicatesByMap(splits));
    }
  }
  std::vector<uint64_t> runs(static_cast<size_t>(2 * kKeysPerRun + 5));
  for (uint64_t& key : runs) key = random();
  runs[runs.size() - 1] = runs[0];
  CHECK(DuplicatesByMerge({runs}, 1) == DuplicatesByMap({runs}));
}

TEST_CASE("equal values have equal digests, whatever their layout, and different ones have not") {
  const auto digest = [](const std::shared_ptr<arrow::Array>& array) {
    std::vector<KeyDigest> digests;
    for (const KeyOfRow& key : DigestKeys(*array).ValueOrDie()) digests.push_back(key.digest);
    return digests;
  };
  arrow::DoubleBuilder doubles;
  REQUIRE(doubles.AppendValues({0.0, -0.0, std::nan("1"), -std::nan("2"), 1.5}).ok());
  const auto d = digest(doubles.Finish().ValueOrDie());
  CHECK(d[0] == d[1]);
  CHECK(d[2] == d[3]);
  CHECK(std::set<KeyDigest>(d.begin(), d.end()).size() == 3);

  auto items = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), items);
  for (const auto& list :
       std::vector<std::vector<std::string>>{{"a", "bc"}, {"ab", "c"}, {"a", "bc"}, {}, {""}}) {
    REQUIRE(lists.Append().ok());
    for (const std::string& item : list) REQUIRE(items->Append(item).ok());
  }
  const auto array = lists.Finish().ValueOrDie();
  const auto l = digest(array);
  CHECK(l[0] == l[2]);
  CHECK(std::set<KeyDigest>(l.begin(), l.end()).size() == 4);
  CHECK(digest(array->Slice(2, 1))[0] == l[0]);

  arrow::Int64Builder numbers;
  REQUIRE(numbers.AppendValues({5, 7, 5}).ok());
  REQUIRE(numbers.AppendNull().ok());
  const auto n = DigestKeys(*numbers.Finish().ValueOrDie()->Slice(1)).ValueOrDie();
  REQUIRE(n.size() == 2);
  CHECK(n[1].row == 1);
}

TEST_CASE("unique keeps the first row of a key and names it in the rejects of the others") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(3, 1500));
  TestRun all(folder.path(), "all"), run(folder.path(), "unique");
  const Manifest before = all.Run().ValueOrDie().at(0);
  run.plan.contracts[0].columns[0].unique = true;
  run.plan.contracts[0].columns[1].unique = true;
  run.plan.contract_json = {"unique"};
  const Manifest after = run.Run().ValueOrDie().at(0);

  // The slow, obvious way, over the rows of a run without `unique`.
  const auto row_ids = all.Column(before, "__fdf__/row_id");
  const auto ids = all.Column(before, "id"), texts = all.Column(before, "text");
  std::map<std::string, std::string> first_id, first_text;
  std::vector<std::string> kept, lost, repeated;
  for (size_t i = 0; i < row_ids.size(); ++i) {
    const auto id = first_id.emplace(ids[i], row_ids[i]);
    const auto text = first_text.emplace(texts[i], row_ids[i]);
    if (id.second && text.second) {
      kept.push_back(row_ids[i]);
    } else {
      lost.push_back(row_ids[i]);
      repeated.push_back(id.second ? text.first->second : id.first->second);
    }
  }
  CHECK(run.Column(after, "__fdf__/row_id") == kept);
  CHECK(lost.size() > 500);
  std::vector<std::string> lost_there, repeated_there;
  const auto rules = run.RejectColumn(after, "rule"),
             ids_there = run.RejectColumn(after, "__fdf__/row_id");
  const auto thresholds = run.RejectColumn(after, "threshold");
  for (size_t i = 0; i < rules.size(); ++i) {
    if (rules[i] != "unique.duplicate") continue;
    lost_there.push_back(ids_there[i]);
    repeated_there.push_back(thresholds[i]);
  }
  CHECK(lost_there == lost);
  CHECK(repeated_there == repeated);
  CHECK(after.rows.written == static_cast<int64_t>(kept.size()));
  CHECK(after.rows.holds());
  CHECK(after.rows.read == before.rows.read);
}

TEST_CASE("nulls are exempt from unique, and a sensitive key shows nowhere but in the data") {
  TempFolder folder;
  folder.Write("in/a", "~,x\n~,y\n777001,z\n777001,w\n");
  TestRun run(folder.path());
  run.plan.contracts[0].columns[0].unique = true;
  run.plan.contracts[0].columns[0].sensitive = true;
  const Manifest table = run.Run().ValueOrDie().at(0);
  CHECK(run.Column(table, "text") == std::vector<std::string>{"x", "y", "z"});
  CHECK(run.RejectColumn(table, "value") == std::vector<std::string>{"null"});
  for (const auto& [key, bytes] : run.Tree()) {
    if (key.size() > 5 && key.substr(key.size() - 5) == ".json")
      CHECK(bytes.find("777001") == std::string::npos);
  }
}

TEST_CASE("a growing folder with unique ends in the bytes of a fresh workspace") {
  const uint64_t seed = 20261121;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 4; ++round) {
    TempFolder folder;
    TestRun run(folder.path());
    run.plan.contracts[0].columns[0].unique = true;
    std::vector<uint64_t> order = {0, 1, 2, 3, 4, 5, 6, 7};
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i = 0; i < order.size(); ++i) {
      folder.Write("in/f" + std::to_string(order[i]), RandomLines(order[i] % 3, 60));
      if (i % 2 == 1) REQUIRE(run.Run().ok());
    }
    TestRun fresh(folder.path(), "fresh");
    fresh.plan = run.plan;
    REQUIRE(fresh.Run().ok());
    CHECK(run.ManifestTree() == fresh.ManifestTree());
  }
}

}  // namespace millrace::stage
