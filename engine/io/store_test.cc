#include "io/store.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/testing/temp_folder.h"

namespace millrace::io {
namespace {

namespace fs = std::filesystem;

Status WriteFile(Store& store, const std::string& key, const std::string& text) {
  ARROW_ASSIGN_OR_RAISE(auto file, store.Create(key));
  ARROW_RETURN_NOT_OK(file->Write(text));
  return file->Commit(key);
}

std::vector<std::string> Keys(Store& store, const std::string& prefix = "") {
  std::vector<std::string> keys;
  for (const FileInfo& file : store.List(prefix).ValueOrDie()) keys.push_back(file.key);
  return keys;
}

}  // namespace

TEST_CASE("a file shows under its key with Commit, not before, and an abandoned one never") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path() + "/w");
  auto file = store->Create("a/b/part").ValueOrDie();
  REQUIRE(file->Write("hello ").ok());
  REQUIRE(file->Write("world").ok());
  CHECK_FALSE(store->Exists("a/b/part").ValueOrDie());
  REQUIRE(file->Commit("a/b/final").ok());
  CHECK(file->bytes_written() == 11);
  CHECK(store->ReadSmall("a/b/final").ValueOrDie() == "hello world");
  { auto abandoned = store->Create("a/b/other").ValueOrDie(); }
  CHECK(Keys(*store) == std::vector<std::string>{"a/b/final"});
}

TEST_CASE("a file that is committed for now shows like any other") {
  TempFolder folder;
  const auto store = MakeLocalStore(folder.path());
  CHECK_FALSE(store->StatIfThere("a/b").ValueOrDie().has_value());
  auto file = store->Create("a/b").ValueOrDie();
  REQUIRE(file->Write("some").ok());
  CHECK_FALSE(store->StatIfThere("a/b").ValueOrDie().has_value());
  REQUIRE(file->CommitForNow("a/b").ok());
  file.reset();
  CHECK(store->ReadSmall("a/b").ValueOrDie() == "some");
  const auto found = store->StatIfThere("a/b").ValueOrDie();
  REQUIRE(found.has_value());
  CHECK(found->bytes == 4);
  CHECK(found->SameVersion(store->Stat("a/b").ValueOrDie()));
  CHECK_FALSE(store->StatIfThere("a/b/c").ValueOrDie().has_value());
  CHECK_FALSE(store->StatIfThere("../b").ok());
}

TEST_CASE("the first put of a key wins, the last replace wins") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path());
  CHECK(store->PutIfAbsent("c/1.json", "one").ValueOrDie() == PutResult::kCreated);
  CHECK(store->PutIfAbsent("c/1.json", "two").ValueOrDie() == PutResult::kExists);
  CHECK(store->ReadSmall("c/1.json").ValueOrDie() == "one");
  REQUIRE(store->Replace("LATEST.json", "a").ok());
  REQUIRE(store->Replace("LATEST.json", "b").ok());
  CHECK(store->ReadSmall("LATEST.json").ValueOrDie() == "b");
  CHECK(Keys(*store) == std::vector<std::string>{"LATEST.json", "c/1.json"});
}

TEST_CASE("of many threads that put one key exactly one creates it") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path());
  std::atomic<int> created{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      if (store->PutIfAbsent("k", std::to_string(i)).ValueOrDie() == PutResult::kCreated) ++created;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(created == 1);
  CHECK(Keys(*store) == std::vector<std::string>{"k"});
}

TEST_CASE("List is recursive and sorted by the bytes of whole keys") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path());
  for (const char* key : {"b", "a/z", "a-b", "a/b/c", "\xc3\xa4 \xe2\x82\xac"})
    REQUIRE(WriteFile(*store, key, key).ok());
  CHECK(Keys(*store) ==
        std::vector<std::string>{"a-b", "a/b/c", "a/z", "b", "\xc3\xa4 \xe2\x82\xac"});
  CHECK(Keys(*store, "a") == std::vector<std::string>{"a/b/c", "a/z"});
  CHECK(Keys(*store, "a/") == std::vector<std::string>{"a/b/c", "a/z"});
  CHECK(Keys(*store, "nothing/here").empty());
  CHECK(Keys(*store, "b").empty());
}

TEST_CASE("links to files are listed, links to folders are not followed") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path());
  REQUIRE(WriteFile(*store, "real/x", "x").ok());
  fs::create_symlink("real/x", folder.path() + "/file_link");
  fs::create_directory_symlink("..", folder.path() + "/real/circle");
  fs::create_symlink("nowhere", folder.path() + "/dangling");
  CHECK(Keys(*store) == std::vector<std::string>{"file_link", "real/x"});
}

TEST_CASE("keys that leave the root or cannot be names are refused") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path() + "/root");
  const std::string long_part(256, 'x'), nul("a\0b", 3), long_key = std::string(5000, 'x');
  for (const std::string& key :
       {std::string(), std::string("/etc/passwd"), std::string("../x"), std::string("a/../../x"),
        std::string("a//b"), std::string("a/."), std::string("a/"), long_part, nul, long_key}) {
    CHECK_FALSE(store->Stat(key).ok());
    CHECK_FALSE(store->Exists(key).ok());
    CHECK_FALSE(store->OpenForRead(key).ok());
    CHECK_FALSE(store->Create(key).ok());
    CHECK_FALSE(store->PutIfAbsent(key, "x").ok());
    CHECK_FALSE(store->Replace(key, "x").ok());
    CHECK_FALSE(store->Remove(key).ok());
  }
  CHECK_FALSE(fs::exists(folder.path() + "/root"));
}

TEST_CASE("OpenForRead reads by position, and refuses folders and missing files") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path());
  REQUIRE(WriteFile(*store, "d/f", "0123456789").ok());
  auto file = store->OpenForRead("d/f").ValueOrDie();
  CHECK(file->GetSize().ValueOrDie() == 10);
  CHECK(file->ReadAt(3, 4).ValueOrDie()->ToString() == "3456");
  CHECK(CodeOf(store->OpenForRead("d").status()) == ErrorCode::kIoFailed);
  CHECK(CodeOf(store->OpenForRead("none").status()) == ErrorCode::kIoFailed);
  CHECK(CodeOf(store->ReadSmall("d/f", 9).status()) == ErrorCode::kIoFailed);
  CHECK(store->Remove("none").ok());
}

TEST_CASE("a private store makes folders that only the owner may enter") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path() + "/w", true);
  REQUIRE(WriteFile(*store, "rejects/x", "x").ok());
  struct stat st;
  for (const char* path : {"/w", "/w/rejects"}) {
    REQUIRE(::stat((folder.path() + path).c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0700);
  }
}

TEST_CASE("a full disk and a refused access have codes of their own") {
  CHECK(CodeOf(ErrnoError(ENOSPC, "x")) == ErrorCode::kDiskFull);
  CHECK(CodeOf(ErrnoError(EROFS, "x")) == ErrorCode::kPermissionDenied);
  if (::geteuid() != 0) {
    TempFolder folder;
    fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
    auto store = MakeLocalStore(folder.path());
    CHECK(CodeOf(store->PutIfAbsent("x", "y").status()) == ErrorCode::kPermissionDenied);
    fs::permissions(folder.path(), fs::perms::owner_all);
  }
}

TEST_CASE("LinkOrCopy gives a second key, also over an existing one and onto itself") {
  TempFolder folder;
  auto a = MakeLocalStore(folder.path() + "/a"), b = MakeLocalStore(folder.path() + "/b");
  REQUIRE(WriteFile(*a, "x", "new").ok());
  REQUIRE(WriteFile(*b, "y/x", "old").ok());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(a->LinkOrCopy("x", *b, "y/x").ok());
    CHECK(b->ReadSmall("y/x").ValueOrDie() == "new");
  }
  CHECK(a->Stat("x").ValueOrDie().inode == b->Stat("y/x").ValueOrDie().inode);
  CHECK(Keys(*b) == std::vector<std::string>{"y/x"});
  CHECK_FALSE(a->LinkOrCopy("none", *b, "z").ok());

  // Into a store that cannot link: a copy.
  auto wrapped =
      MakeFaultyStore(b, {[](std::string_view, const std::string&) { return Status::OK(); }});
  REQUIRE(a->LinkOrCopy("x", *wrapped, "copy").ok());
  CHECK(b->ReadSmall("copy").ValueOrDie() == "new");
  CHECK(a->Stat("x").ValueOrDie().inode != b->Stat("copy").ValueOrDie().inode);
}

TEST_CASE("after its fault a faulty store is dead, and its litter stays") {
  for (const bool tear : {false, true}) {
    TempFolder folder;
    auto good = MakeLocalStore(folder.path());
    int operations = 0;
    FaultPlan plan;
    plan.tear = tear;
    plan.next_operation = [&](std::string_view operation, const std::string& key) {
      return ++operations == 3 ? MakeError(ErrorCode::kIoFailed, "crash") : Status::OK();
    };
    auto store = MakeFaultyStore(good, plan);
    REQUIRE(WriteFile(*store, "one", "1").ok());       // write, commit
    CHECK_FALSE(store->PutIfAbsent("two", "2").ok());  // the crash
    CHECK(good->Exists("two").ValueOrDie() == tear);
    CHECK_FALSE(store->Replace("three", "3").ok());
    CHECK_FALSE(store->List("").ok());
    CHECK_FALSE(store->ReadSmall("one").ok());
    CHECK(operations == 3);
  }
  TempFolder folder;
  auto good = MakeLocalStore(folder.path());
  FaultPlan plan{
      [](std::string_view, const std::string&) { return MakeError(ErrorCode::kIoFailed, "crash"); },
      true};
  auto store = MakeFaultyStore(good, plan);
  CHECK_FALSE(WriteFile(*store, "one", "12345678").ok());
  REQUIRE(Keys(*good).size() == 1);
  CHECK(IsTemporaryKey(Keys(*good)[0]));
  store.reset();
  CHECK(Keys(*good).empty());
}

TEST_CASE("litter goes when its writer is gone, and only then") {
  TempFolder folder;
  auto store = MakeLocalStore(folder.path());
  REQUIRE(WriteFile(*store, "a/kept", "1").ok());
  folder.Write("a/.tmp-999999999-7", "left by a process that is gone");
  folder.Write("a/.tmp-1-7", "process 1 always lives");
  REQUIRE(RemoveLitter(*store, "").ok());
  CHECK(Keys(*store) == std::vector<std::string>{"a/.tmp-1-7", "a/kept"});
}

}  // namespace millrace::io
