#include "stage/file_hashes.h"

#include <doctest/doctest.h>

#include "base/sha256.h"
#include "base/testing/temp_folder.h"

namespace millrace::stage {
namespace {

struct Fixture {
  Fixture() : workspace(io::MakeLocalStore(folder.path() + "/w")) {
    folder.Write("in/a", "hello");
    source.name = "src";
    source.store = io::MakeLocalStore(folder.path() + "/in");
    source.files = source.store->List("").ValueOrDie();
  }
  std::unique_ptr<FileHashes> Open() {
    auto hashes = std::make_unique<FileHashes>(
        *workspace, [this] { return now_ns; },
        [this](const source::FileSource&, const io::FileInfo&) {
          ++reads;
          return Status::OK();
        },
        nullptr);
    hashes->Load(source);
    return hashes;
  }
  TempFolder folder;
  std::shared_ptr<io::Store> workspace;
  source::FileSource source;
  int64_t now_ns = int64_t{1} << 62;
  int reads = 0;
};

}  // namespace

TEST_CASE("a hash is read once, kept over runs, and forgotten with any change of the file") {
  Fixture f;
  const std::string expected = Sha256Hex("hello");
  auto hashes = f.Open();
  CHECK(hashes->Of(f.source, f.source.files[0]).ValueOrDie() == expected);
  CHECK(hashes->Of(f.source, f.source.files[0]).ValueOrDie() == expected);
  CHECK(f.reads == 1);
  REQUIRE(hashes->Save(false).ok());
  hashes = f.Open();
  CHECK(hashes->Of(f.source, f.source.files[0]).ValueOrDie() == expected);
  CHECK(f.reads == 1);
  for (int change = 0; change < 3; ++change) {
    io::FileInfo& other = f.source.files[0];
    (change == 0 ? other.bytes : other.mtime_ns) += 1;
    if (change == 2) other.inode += 1;
    hashes = f.Open();
    CHECK(hashes->Of(f.source, other).ok());
    REQUIRE(hashes->Save(false).ok());
    CHECK(f.reads == 2 + change);
  }
}

TEST_CASE("the hash of a file that changed a moment ago is not kept, nor one without an mtime") {
  Fixture f;
  f.now_ns = f.source.files[0].mtime_ns + 1'000'000'000;
  auto hashes = f.Open();
  REQUIRE(hashes->Of(f.source, f.source.files[0]).ok());
  REQUIRE(hashes->Save(false).ok());
  CHECK(f.Open()->Of(f.source, f.source.files[0]).ok());
  CHECK(f.reads == 2);
  io::FileInfo timeless = f.source.files[0];
  timeless.mtime_ns = 0;
  hashes = f.Open();
  hashes->Learn(f.source, timeless, "x");
  REQUIRE(hashes->Save(false).ok());
  CHECK_FALSE(f.workspace->Exists("sources/src/hashes.json").ValueOrDie());
}

TEST_CASE("a damaged cache counts as none") {
  Fixture f;
  for (const char* text :
       {"", "{", "[]", R"({"files": 3})", R"({"files": {"a": {"bytes": "x"}}})"}) {
    REQUIRE(f.workspace->Replace("sources/src/hashes.json", text).ok());
    CHECK(f.Open()->Of(f.source, f.source.files[0]).ValueOrDie() == Sha256Hex("hello"));
  }
  CHECK(f.reads == 5);
}

}  // namespace millrace::stage
