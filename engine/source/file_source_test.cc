#include "source/file_source.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temp_folder.h"
#include "source/glob.h"
#include "source/sniff_format.h"

namespace millrace::source {
namespace {

namespace fs = std::filesystem;

void Touch(const fs::path& path, const std::string& content = "a\n1\n") {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << content;
}

std::vector<std::string> Keys(const Result<FileSource>& source) {
  std::vector<std::string> keys;
  REQUIRE_MESSAGE(source.ok(), source.status().ToString());
  for (const io::FileInfo& file : source->files) keys.push_back(file.key);
  return keys;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("patterns match within a folder, ** over folders, dots only when named") {
  CHECK(GlobMatches("*.csv", "a.csv"));
  CHECK_FALSE(GlobMatches("*.csv", "x/a.csv"));
  CHECK(GlobMatches("**/*.csv", "a.csv"));
  CHECK(GlobMatches("**/*.csv", "x/y/a.csv"));
  CHECK(GlobMatches("**", "x/y/a.csv"));
  CHECK_FALSE(GlobMatches("**", "x/.y/a.csv"));
  CHECK_FALSE(GlobMatches("*", ".hidden"));
  CHECK(GlobMatches(".*", ".hidden"));
  CHECK(GlobMatches("t-[0-9]?.csv*", "t-7x.csv.gz"));
  CHECK_FALSE(GlobMatches("t-[!0-9].csv", "t-7.csv"));
  CHECK(GlobMatches("a*b*c", "a-b-b-c"));
  CHECK_FALSE(GlobMatches("a*b*c", "a-b-b-d"));
  CHECK(SplitGlob("/data/in/*.csv").root == "/data/in");
  CHECK(SplitGlob("*.csv").root.empty());
}

TEST_CASE("files, patterns and folders become sorted lists of files") {
  const TempFolder folder;
  const fs::path root = folder.path();
  Touch(root / "in" / "b.csv");
  Touch(root / "in" / "a b ü.csv.gz");
  Touch(root / "in" / "deep" / "c.TSV");
  Touch(root / "in" / "notes.txt");
  Touch(root / "in" / ".hidden.csv");
  const io::CsvOptions csv;
  CHECK(Keys(ExpandFiles("s", "in", root, csv)) == Names{"a b ü.csv.gz", "b.csv", "deep/c.TSV"});
  CHECK(Keys(ExpandFiles("s", "in/b.csv", root, csv)) == Names{"b.csv"});
  CHECK(Keys(ExpandFiles("s", "in/*", root, csv)) == Names{"a b ü.csv.gz", "b.csv", "notes.txt"});
  CHECK(Keys(ExpandFiles("s", "i*/**/*.csv*", root, csv)) == Names{"in/a b ü.csv.gz", "in/b.csv"});
}

TEST_CASE("brackets and stars in the base folder's name are letters") {
  const TempFolder folder;
  const std::string base = (fs::path(folder.path()) / "v[1]*").string();
  Touch(fs::path(base) / "in" / "a.csv");
  Touch(fs::path(base) / "b[2].csv");
  CHECK(Keys(ExpandFiles("s", "in/*.csv", base, io::CsvOptions())) == Names{"a.csv"});
  CHECK(Keys(ExpandFiles("s", "**/*.csv", base, io::CsvOptions())) ==
        Names{"b[2].csv", "in/a.csv"});
  CHECK(Keys(ExpandFiles("s", "b[2].csv", base, io::CsvOptions())) == Names{"b[2].csv"});
}

TEST_CASE("links to folders that contain them are not followed for ever") {
  const TempFolder folder;
  const fs::path root = folder.path();
  Touch(root / "in" / "a.csv");
  fs::create_directory_symlink(root, root / "in" / "loop");
  fs::create_symlink(root / "nowhere.csv", root / "in" / "dangling.csv");
  fs::create_symlink(root / "in" / "a.csv", root / "in" / "link.csv");
  CHECK(Keys(ExpandFiles("s", "in", root, io::CsvOptions())) == Names{"a.csv", "link.csv"});
  CHECK(Keys(ExpandFiles("s", "in/**/*.csv", root, io::CsvOptions())) ==
        Names{"a.csv", "link.csv"});
}

TEST_CASE("a path that matches nothing says what is there") {
  const TempFolder folder;
  const fs::path root = folder.path();
  Touch(root / "in" / "tickets.csv");
  const auto help = [&](const std::string& path, const FormatOptions& format) {
    const auto source = ExpandFiles("s", path, root, format);
    CHECK(CodeOf(source.status()) == ErrorCode::kUnreadablePath);
    return DiagnosticsOf(source.status())[0].suggestion;
  };
  CHECK(help("in/tickts.csv", io::CsvOptions()) == "did you mean `tickets.csv`?");
  CHECK(help("im/*.csv", io::CsvOptions()) == "did you mean `in`?");
  CHECK(help("in", io::JsonlOptions()).find(".jsonl") != std::string::npos);
}

TEST_CASE("a file's format is told by magic bytes, name, then text") {
  const TempFolder folder;
  const fs::path root = folder.path();
  const auto store = io::MakeLocalStore(folder.path());
  const auto format = [&](const std::string& name, const std::string& content) {
    Touch(root / name, content);
    const auto sniffed = SniffFormat(*store, name);
    REQUIRE_MESSAGE(sniffed.ok(), sniffed.status().ToString());
    return std::string(FormatName(*sniffed));
  };
  CHECK(format("a.csv", "PAR1....") == "parquet");
  CHECK(format("a.JSON.gz", "a,b\n") == "jsonl");
  CHECK(format("a.tsv.zst", "{}\n") == "csv");
  CHECK(format("a.txt", "\xEF\xBB\xBF \n[{}]") == "jsonl");
  CHECK(format("a", "id,text\n") == "csv");
  CHECK(format("empty", "") == "csv");
  const std::string gzipped(  // {"a":1}
      "\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabVJT\xb2\x32\xac\xe5\x02\0F\xa3\xe8t\x08\0\0\0", 28);
  CHECK(format("packed", gzipped) == "jsonl");
  CHECK(!SniffFormat(*store, "missing").ok());
}

TEST_CASE("a file that changed since it was listed is noticed") {
  const TempFolder folder;
  const fs::path root = folder.path();
  Touch(root / "a.csv");
  const auto source = ExpandFiles("s", "a.csv", root, io::CsvOptions());
  REQUIRE(source.ok());
  CHECK(CheckUnchanged(*source, source->files[0]).ok());
  Touch(root / "a.csv", "a\n1\n2\n");
  CHECK(CodeOf(CheckUnchanged(*source, source->files[0])) == ErrorCode::kFileChanged);
  fs::remove(root / "a.csv");
  CHECK(CodeOf(CheckUnchanged(*source, source->files[0])) == ErrorCode::kFileChanged);
}

}  // namespace millrace::source
