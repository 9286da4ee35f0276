// Copies of shards that are mapped into memory: they hold the shards' rows, and whatever becomes of
// them, the stage is the same.
#include <arrow/io/interfaces.h>
#include <arrow/ipc/reader.h>
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

struct CopiedStage : StageRun {
  explicit CopiedStage(const std::string& folder, const std::string& name = "workspace")
      : StageRun(folder, name) {
    arrow_copies = true;
    rows_per_shard = 1 << 16;  // of smaller ones no copies are made
  }
};

// The texts of a copy, in its order.
std::vector<std::string> TextsOf(io::Store& store, const std::string& key) {
  const auto file = store.OpenForRead(key).ValueOrDie();
  const auto reader = arrow::ipc::RecordBatchStreamReader::Open(file).ValueOrDie();
  CHECK(reader->schema()->GetFieldIndex("__fdf__/row_id") < 0);
  std::vector<std::string> texts;
  for (const auto& batch : *reader) {
    const auto column = batch.ValueOrDie()->GetColumnByName("text");
    for (int64_t i = 0; i < column->length(); ++i) {
      texts.push_back(column->GetScalar(i).ValueOrDie()->ToString());
    }
  }
  return texts;
}

// Each note that can be read names a copy that is whole, and that holds the texts of its shard.
int CheckCopies(const StageRun& run, const Manifest& manifest) {
  io::Store& store = *run.ingest.workspace;
  int copies = 0;
  for (const io::DataFile& shard : manifest.outputs) {
    const std::string key = "datasets/" + shard.sha256;
    const auto note = store.ReadSmall(key + ".json");
    if (!note.ok()) continue;
    const auto told = nlohmann::json::parse(*note, nullptr, /*allow_exceptions=*/false);
    if (!told.is_object()) continue;  // torn
    CHECK(told["bytes"] == store.Stat(key + ".arrow").ValueOrDie().bytes);
    CHECK(TextsOf(store, key + ".arrow") == run.Column({shard}, "text"));
    ++copies;
  }
  return copies;
}

std::vector<std::string> Names(const std::vector<io::FileInfo>& files) {
  std::vector<std::string> names;
  for (const io::FileInfo& file : files) names.push_back(file.key);
  return names;
}

}  // namespace

TEST_CASE("copies hold what the shards hold, for any threads, and change nothing else") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(5, 900));
  StageRun plain(folder.path(), "plain");
  plain.rows_per_shard = 1 << 16;
  plain.steps.resize(3);  // what keeps most of them
  REQUIRE(plain.Run().ok());
  CHECK(plain.ingest.workspace->List("datasets").ValueOrDie().empty());
  for (const int threads : {1, 4}) {
    CopiedStage run(folder.path(), std::to_string(threads));
    run.steps.resize(3);
    run.ingest.limits.threads = threads;
    const Manifest manifest = run.Run().ValueOrDie();
    CHECK(run.ManifestTree() == plain.ManifestTree());
    REQUIRE(manifest.outputs.size() > 3);
    std::vector<std::string> copied;
    for (const io::DataFile& shard : manifest.outputs) {
      const auto texts = TextsOf(*run.ingest.workspace, "datasets/" + shard.sha256 + ".arrow");
      copied.insert(copied.end(), texts.begin(), texts.end());
    }
    CHECK(copied == run.Column(manifest.outputs, "text"));
    CHECK(run.ingest.workspace->List("datasets").ValueOrDie().size() ==
          2 * manifest.outputs.size());
  }
}

TEST_CASE("copies are not made where they would not serve") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(5, 300));
  for (const bool joined : {false, true}) {
    CopiedStage run(folder.path(), joined ? "joined" : "many splits");
    if (joined) {
      run.shards_multiple_of = 4;
    } else {
      for (int i = 0; i < 300; ++i) folder.Write("in/small" + std::to_string(i), RandomLines(9, 2));
      run.split_bytes = 1;
    }
    REQUIRE(run.Run().ok());
    CHECK(Names(run.ingest.workspace->List("datasets").ValueOrDie()) == std::vector<std::string>{});
  }
}

TEST_CASE("a stage whose copies cannot be written is done without them") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(5, 300));
  StageRun plain(folder.path(), "plain");
  plain.rows_per_shard = 1 << 16;
  REQUIRE(plain.Run().ok());
  CopiedStage run(folder.path());
  REQUIRE(run.ingest.workspace->Replace("datasets", "a file where the folder would be").ok());
  REQUIRE(run.Run().ok());
  CHECK(run.ManifestTree() == plain.ManifestTree());
}

TEST_CASE("a crash while copies are written, whole or torn, is made good by running again") {
  TempFolder inputs;
  for (int i = 0; i < 3; ++i) {
    inputs.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i), 12));
  }
  TempFolder fresh_folder;
  CopiedStage fresh(inputs.path());
  fresh.ingest.workspace = io::MakeLocalStore(fresh_folder.path(), true);
  REQUIRE(fresh.Run().ok());
  const auto expected = fresh.ManifestTree();
  int copies = 0;
  for (const bool tear : {false, true}) {
    for (int k = 1;; ++k) {
      CAPTURE(k);
      CAPTURE(tear);
      TempFolder folder;
      CopiedStage run(inputs.path());
      const bool crashed = IsMadeGood(run, folder.path(), k, tear, expected, 30);
      const std::string key = OperatorFolder(run.plan) + "/manifest.json";
      const std::string manifest = run.ingest.workspace->ReadSmall(key).ValueOrDie();
      copies += CheckCopies(run, ManifestFromJson(manifest, key).ValueOrDie());
      if (!crashed) break;
    }
  }
  CHECK(copies > 50);
}

}  // namespace millrace::stage
