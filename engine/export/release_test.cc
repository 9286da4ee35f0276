#include <doctest/doctest.h>

#include <filesystem>
#include <random>

#include "base/sha256.h"
#include "export/release_json.h"
#include "export/testing/stage_input.h"
#include "io/testing/memory_store.h"
#include "io/testing/random_batch.h"

namespace millrace::exporting {
namespace {

using testing::MakeInput;
using testing::ReadRelease;

struct World {
  std::shared_ptr<io::MemoryStore> workspace = std::make_shared<io::MemoryStore>();
  std::shared_ptr<io::MemoryStore> target = std::make_shared<io::MemoryStore>();
  std::shared_ptr<arrow::RecordBatch> rows;
  ExportInput input;
  ExportOptions options;
  explicit World(int64_t count = 1000, int64_t rows_per_shard = 300) {
    std::mt19937_64 random(5);
    rows = io::testing::RandomBatch(count, random);
    input = MakeInput(workspace, *rows, rows_per_shard);
    options.name = "drop";
  }
  Release Write(TaskPool* pool = nullptr) {
    return WriteRelease(input, options, target, pool).ValueOrDie();
  }
  Status Try() { return WriteRelease(input, options, target, nullptr).status(); }
};

std::string LatestOf(io::Store& store) {
  return ParseLatest(store.ReadSmall(kLatestName).ValueOrDie()).ValueOrDie().release_id;
}

void CheckHashes(io::Store& store, const Release& release) {
  for (const io::DataFile& file : release.files) {
    const std::string bytes =
        store.ReadSmall(release.release_id + "/" + file.path, 1 << 30).ValueOrDie();
    CHECK(static_cast<int64_t>(bytes.size()) == file.bytes);
    CHECK(Sha256Hex(bytes) == file.sha256);
  }
}

TEST_CASE("shards that need no change are linked") {
  World world;
  Release release = world.Write();
  CHECK(release.linked);
  CHECK(release.rows == 1000);
  REQUIRE(release.files.size() == 4);
  CHECK(release.files[3].path == "part-00003.parquet");
  CHECK(release.files[3].sha256 == world.input.shards[3].sha256);
  CHECK(LatestOf(*world.target) == release.release_id);
  CheckHashes(*world.target, release);
  CHECK(ReadRelease(*world.target, release)
            ->Equals(*arrow::Table::FromRecordBatches({world.rows}).ValueOrDie()));
  Release again = world.Write();
  CHECK(again.existed);
  CHECK(again.release_id == release.release_id);
  CHECK(again.files.size() == 4);
}

TEST_CASE("other cuts, columns or settings rewrite the rows") {
  World world;
  auto table = arrow::Table::FromRecordBatches({world.rows}).ValueOrDie();
  world.options.rows_per_shard = 450;
  Release cut = world.Write();
  CHECK_FALSE(cut.linked);
  CHECK(cut.files.size() == 3);
  CHECK(cut.files[2].rows == 100);
  CHECK(ReadRelease(*world.target, cut)->Equals(*table));
  CheckHashes(*world.target, cut);

  world.options.overwrite = true;
  world.options.columns = {"text", "i64"};
  Release some = world.Write();
  auto read = ReadRelease(*world.target, some);
  CHECK(read->schema()->field_names() == std::vector<std::string>{"text", "i64", "__fdf__/row_id"});
  CHECK(read->GetColumnByName("text")->Equals(*table->GetColumnByName("text")));
  CHECK(read->GetColumnByName("i64")->Equals(*table->GetColumnByName("i64")));

  world.options.provenance = false;
  CHECK(ReadRelease(*world.target, world.Write())->num_columns() == 2);
  CHECK(LatestOf(*world.target) == world.Write().release_id);

  world.options.columns = {"txet"};
  CHECK(CodeOf(world.Try()) == ErrorCode::kMissingColumn);
}

TEST_CASE("bytes do not depend on threads") {
  for (Format format : {Format::kParquet, Format::kJsonl}) {
    std::vector<std::string> hashes;
    for (int threads : {0, 1, 4}) {
      World world(5000, 1234);
      world.options.format = format;
      world.options.compression = TextCompression::kGzip;
      world.options.rows_per_shard = 2000;
      std::unique_ptr<TaskPool> pool = threads > 0 ? std::make_unique<TaskPool>(threads) : nullptr;
      Release release = world.Write(pool.get());
      CheckHashes(*world.target, release);
      hashes.push_back(Sha256Hex(
          world.target->ReadSmall(release.release_id + "/" + kReleaseManifestName, 1 << 20)
              .ValueOrDie()));
    }
    CHECK(hashes[0] == hashes[1]);
    CHECK(hashes[0] == hashes[2]);
  }
}

TEST_CASE("another release is only added when it is wanted") {
  World world;
  Release first = world.Write();
  world.input.run_id = "run-2";
  CHECK(CodeOf(world.Try()) == ErrorCode::kReleaseExists);
  CHECK(LatestOf(*world.target) == first.release_id);
  world.options.overwrite = true;
  Release second = world.Write();
  CHECK(second.release_id != first.release_id);
  CHECK(LatestOf(*world.target) == second.release_id);
  CHECK(world.target->Exists(first.release_id + "/part-00000.parquet").ValueOrDie());
}

TEST_CASE("an input without rows makes a release that a reader can open") {
  World world(0);
  Release release = world.Write();
  REQUIRE(release.files.size() == 1);
  CHECK(ReadRelease(*world.target, release)->num_rows() == 0);
  CHECK(ReadRelease(*world.target, release)->schema()->Equals(*world.rows->schema(), false));
}

TEST_CASE("a shard that is not what was committed stops the export") {
  World world;
  world.options.rows_per_shard = 450;
  const std::string key = world.input.shards[1].path;
  const std::string bytes = world.workspace->ReadSmall(key, 1 << 30).ValueOrDie();
  REQUIRE(world.workspace->Replace(key, bytes.substr(1)).ok());
  CHECK(CodeOf(world.Try()) == ErrorCode::kWorkspaceDamaged);
  std::string garbled = bytes;
  for (size_t i = 100; i < bytes.size(); ++i) garbled[i] = static_cast<char>(~garbled[i]);
  REQUIRE(world.workspace->Replace(key, garbled).ok());
  CHECK(CodeOf(world.Try()) == ErrorCode::kWorkspaceDamaged);
  REQUIRE(world.workspace->Remove(key).ok());
  CHECK(CodeOf(world.Try()) == ErrorCode::kWorkspaceDamaged);
  CHECK_FALSE(world.target->Exists(kLatestName).ValueOrDie());
}

TEST_CASE("a release that lost a file is made whole again") {
  World world;
  Release release = world.Write();
  const std::string key = release.release_id + "/" + release.files[2].path;
  REQUIRE(world.target->Remove(key).ok());
  CHECK_FALSE(world.Write().existed);
  CHECK(world.target->Exists(key).ValueOrDie());
}

TEST_CASE("hive partitions hold every row once, in order, without the partition's columns") {
  World world(2000, 700);
  world.options.partition_by = {"word", "flag"};
  Release release = world.Write();
  CHECK(release.rows == 2000);
  int64_t rows = 0;
  auto words = std::static_pointer_cast<arrow::StringArray>(world.rows->GetColumnByName("word"));
  auto flags = std::static_pointer_cast<arrow::BooleanArray>(world.rows->GetColumnByName("flag"));
  auto ids =
      std::static_pointer_cast<arrow::StringArray>(world.rows->GetColumnByName("__fdf__/row_id"));
  for (const io::DataFile& file : release.files) {
    auto table = testing::ReadParquet(*world.target, release.release_id + "/" + file.path);
    CHECK(table->GetColumnByName("word") == nullptr);
    CHECK(table->num_rows() == file.rows);
    auto found = std::static_pointer_cast<arrow::StringArray>(
        arrow::Concatenate(table->GetColumnByName("__fdf__/row_id")->chunks()).ValueOrDie());
    int64_t at = 0;
    for (int64_t i = 0; i < 2000; ++i) {
      const std::string word =
          words->IsNull(i) ? "__HIVE_DEFAULT_PARTITION__" : words->GetString(i);
      const std::string flag = flags->IsNull(i)  ? "__HIVE_DEFAULT_PARTITION__"
                               : flags->Value(i) ? "true"
                                                 : "false";
      if (file.path != "word=" + word + "/flag=" + flag + "/part-00000.parquet") continue;
      REQUIRE(at < found->length());
      CHECK(found->GetView(at++) == ids->GetView(i));
    }
    CHECK(at == found->length());
    rows += at;
  }
  CHECK(rows == 2000);
  CHECK(release.files.size() ==
        18);  // (5 words + null) * (2 flags + null): more than are open at once
  world.options.overwrite = true;
  world.options.partition_by = {"f64"};
  CHECK(CodeOf(world.Try()) == ErrorCode::kBadValue);
  world.options.partition_by = {"nothing"};
  CHECK(CodeOf(world.Try()) == ErrorCode::kMissingColumn);
}

TEST_CASE("the features of the columns that stay go with them") {
  World world(10, 10);
  auto metadata = arrow::key_value_metadata(
      {"huggingface"},
      {R"({"info":{"features":{"text":{"dtype":"string"},"i64":{"dtype":"int64"}}}})"});
  world.rows = world.rows->ReplaceSchemaMetadata(metadata);
  world.input = MakeInput(world.workspace, *world.rows, 10);
  world.options.columns = {"i64"};
  auto table = ReadRelease(*world.target, world.Write());
  CHECK(table->schema()->metadata()->Get("huggingface").ValueOrDie() ==
        R"({"info":{"features":{"i64":{"dtype":"int64"}}}})");
}

TEST_CASE(
    "a crash at any operation leaves no half release behind LATEST, and the next run repairs") {
  for (Format format : {Format::kParquet, Format::kJsonl}) {
    for (int64_t rows_per_shard : {int64_t{0}, int64_t{450}}) {
      for (bool tear : {false, true}) {
        bool finished = false;
        for (int crash_at = 0; !finished; ++crash_at) {
          REQUIRE(crash_at < 500);
          World world(600, 200);
          world.options.format = format;
          world.options.rows_per_shard = rows_per_shard;
          Release old = world.Write();
          world.input.run_id = "run-2";
          world.options.overwrite = true;
          int operation = 0;
          io::FaultPlan plan;
          plan.tear = tear;
          plan.next_operation = [&](std::string_view, const std::string&) {
            return operation++ == crash_at ? MakeError(ErrorCode::kIoFailed, "crash")
                                           : Status::OK();
          };
          Status status = WriteRelease(world.input, world.options,
                                       io::MakeFaultyStore(world.target, plan), nullptr)
                              .status();
          finished = status.ok();
          const std::string latest = LatestOf(*world.target);
          const std::string manifest =
              world.target->ReadSmall(latest + "/" + kReleaseManifestName, 1 << 20).ValueOrDie();
          CheckHashes(*world.target, ParseReleaseManifest(manifest).ValueOrDie());
          if (!finished && !tear) CHECK(latest == old.release_id);
          Release repaired = world.Write();
          CHECK(LatestOf(*world.target) == repaired.release_id);
          CheckHashes(*world.target, repaired);
        }
      }
    }
  }
}

TEST_CASE("on a file system, a symlink names the newest release") {
  const auto root =
      std::filesystem::temp_directory_path() / ("millrace-export-" + std::to_string(::getpid()));
  std::filesystem::remove_all(root);
  World world;
  world.input = MakeInput(io::MakeLocalStore(root / "workspace"), *world.rows, 300);
  auto target = io::MakeLocalStore(root / "out with space");
  Release release = WriteRelease(world.input, world.options, target, nullptr).ValueOrDie();
  CHECK(std::filesystem::read_symlink(root / "out with space" / "latest") == release.release_id);
  CHECK(std::filesystem::hard_link_count(root / "out with space" / "latest" /
                                         "part-00000.parquet") == 2);
  world.input.run_id = "run-2";
  world.options.overwrite = true;
  Release second = WriteRelease(world.input, world.options, target, nullptr).ValueOrDie();
  CHECK(std::filesystem::read_symlink(root / "out with space" / "latest") == second.release_id);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace millrace::exporting
