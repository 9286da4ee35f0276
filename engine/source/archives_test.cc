#include "source/archives.h"

#include <doctest/doctest.h>

#include "io/testing/memory_store.h"

namespace millrace::source {
namespace {

// Holds x/one.csv, n.txt and .h.csv.
const std::string kZip(
    "PK\003\004\024\000\000\000\000\000\000\000!\000\303w\354\242\004\000\000\000\004\000"
    "\000\000\011\000\000\000x/one.csva\n2\nPK\003\004\024\000\000\000\000\000\000\000!\000"
    "\202F\367\273\004\000\000\000\004\000\000\000\005\000\000\000n.txta\n3\nPK\003\004\024"
    "\000\000\000\000\000\000\000!\000E\320\266\364\004\000\000\000\004\000\000\000\006\000"
    "\000\000.h.csva\n4\nPK\001\002\024\003\024\000\000\000\000\000\000\000!\000\303w\354"
    "\242\004\000\000\000\004\000\000\000\011\000\000\000\000\000\000\000\000\000\000\000"
    "\200\001\000\000\000\000x/one.csvPK\001\002\024\003\024\000\000\000\000\000\000\000!"
    "\000\202F\367\273\004\000\000\000\004\000\000\000\005\000\000\000\000\000\000\000\000"
    "\000\000\000\200\001+\000\000\000n.txtPK\001\002\024\003\024\000\000\000\000\000\000"
    "\000!\000E\320\266\364\004\000\000\000\004\000\000\000\006\000\000\000\000\000\000\000"
    "\000\000\000\000\200\001R\000\000\000.h.csvPK\005\006\000\000\000\000\003\000\003\000"
    "\236\000\000\000z\000\000\000\000\000",
    302);

struct Met {
  FileSource source;
  std::vector<io::FileInfo> all;
};

Met Met3Files() {
  Met met;
  met.source.store = std::make_shared<io::MemoryStore>();
  met.source.format = io::CsvOptions();
  for (const auto& [key, content] : std::vector<std::pair<std::string, std::string>>{
           {"b.zip", kZip}, {"a.csv", "a\n1\n"}, {"c.zip", "no archive"}}) {
    REQUIRE(met.source.store->Replace(key, content).ok());
  }
  met.all = met.source.store->List("").ValueOrDie();
  return met;
}

std::string Keys(const FileSource& source) {
  std::string keys;
  for (const io::FileInfo& file : source.files) keys += file.key + ' ';
  return keys;
}

}  // namespace

TEST_CASE("archives are folders to a source, whatever the store") {
  Met folder = Met3Files();
  REQUIRE(AddOfFormat(folder.all, &folder.source).ok());
  CHECK(Keys(folder.source) == "a.csv b.zip!/x/one.csv ");
  CHECK(folder.source.store->ReadSmall("b.zip!/x/one.csv", 100).ValueOrDie() == "a\n2\n");
  const std::vector<std::pair<std::string, std::string>> patterns = {
      {"*", "a.csv b.zip!/x/one.csv c.zip "},
      {"b*", "b.zip!/x/one.csv "},
      {"*.zip!/*", "b.zip!/n.txt "},
      {"b.zip!/**/*.csv", "b.zip!/x/one.csv "},
      {"*.csv", "a.csv "},
      {"a.csv!/*", ""}};
  for (const auto& pattern : patterns) {
    Met met = Met3Files();
    INFO(pattern.first);
    REQUIRE(AddMatching(met.all, pattern.first, &met.source).ok());
    CHECK(Keys(met.source) == pattern.second);
  }
  for (const auto& [at, keys] : std::vector<std::pair<size_t, std::string>>{
           {0, "a.csv "}, {1, "b.zip!/x/one.csv "}, {2, "c.zip "}}) {
    Met met = Met3Files();
    REQUIRE(AddNamed(met.all[at], &met.source).ok());
    CHECK(Keys(met.source) == keys);
  }
}

TEST_CASE("Parquet is not read out of archives") {
  Met met = Met3Files();
  met.source.format = io::ParquetReadOptions();
  REQUIRE(AddOfFormat(met.all, &met.source).ok());
  CHECK(Keys(met.source).empty());
  CHECK(CodeOf(AddMatching(met.all, "*.zip", &met.source)) == ErrorCode::kUnreadablePath);
}

}  // namespace millrace::source
