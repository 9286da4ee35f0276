// Rows that stay in their files: the same as those of shards, from any row on, or an error.
#include "stage/rows_in_place.h"

#include <arrow/io/memory.h>
#include <doctest/doctest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <set>

#include "base/reserved_columns.h"
#include "io/jsonl/jsonl_reader.h"
#include "stage/row_access.h"
#include "stage/testing/ingest_fixture.h"

namespace millrace::stage {
namespace {

const std::vector<std::string> kColumns = {"id", "text", std::string(kRowIdColumn)};

/// Good lines, lines that are no JSON, and ids that are no numbers.
std::string JsonLines(uint64_t seed, int lines, bool with_bad = true) {
  std::mt19937_64 random(seed);
  std::string text;
  for (int i = 0; i < lines; ++i) {
    const uint64_t draw = random();
    const bool bad = with_bad && draw % 13 == 0;
    text += std::string(draw % 3, ' ');
    if (bad) text += draw % 2 == 0 ? "{" : "";
    text += R"({"id": )" + (bad && draw % 2 == 1 ? R"("x")" : std::to_string(draw % 900));
    text += R"(, "text": ")" + std::string(draw % 60, static_cast<char>('a' + draw % 26)) + "\"}\n";
    if (draw % 11 == 0) text += "\n";
  }
  return text;
}

std::string Csv(int lines) {
  std::string text = "id,text\n";
  for (int i = 0; i < lines; ++i) {
    text += (i % 9 == 4 ? "no" : std::to_string(i)) + ",\"text, " + std::to_string(i) + "\"\n";
  }
  return text;
}

std::string Parquet(int rows) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (int i = 0; i < rows; ++i) {
    if (!ids.Append(i).ok() || !texts.Append("text " + std::to_string(i)).ok()) return "";
  }
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8())}),
      {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  if (!parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 100).ok()) return "";
  return sink->Finish().ValueOrDie()->ToString();
}

/// A run of real files whose rows stay in place, and are cut often.
struct PlaceRun : TestRun {
  PlaceRun(const std::string& folder, const source::FormatOptions& of,
           const std::string& name = "workspace", bool stay = true)
      : TestRun(folder, name) {
    format = of;
    real = true;
    in_place = stay;
    plan.reference_bytes = 2000;
  }
};

using Rows = std::vector<std::string>;

/// All rows of the files as text, in the columns asked for, each file from a row on.
Result<Rows> RowsOf(const PlaceRun& run, const std::vector<io::DataFile>& files,
                    const std::vector<std::string>& columns, int64_t first_row = 0) {
  const RowAccess access(*run.workspace, OpenRowsInPlace(run.plan, run.Context()));
  Rows rows;
  for (io::DataFile file : files) {
    file.path = IngestFolder(run.plan) + '/' + file.path;
    ARROW_ASSIGN_OR_RAISE(const auto reader,
                          access.Open(file, columns, std::min(first_row, file.rows)));
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, reader->Next());
      if (batch == nullptr) break;
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        std::string& text = rows.emplace_back();
        for (const std::string& column : columns) {
          text += batch->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString() + '|';
        }
      }
    }
  }
  return rows;
}

int64_t References(const Manifest& table) {
  return std::count_if(table.outputs.begin(), table.outputs.end(),
                       [](const io::DataFile& file) { return file.is_reference(); });
}

}  // namespace

TEST_CASE("rows that stay in place are those that shards would hold") {
  TempFolder folder;
  folder.Write("json/in/big.jsonl", JsonLines(1, 1500));
  folder.Write("clean/in/big.jsonl", JsonLines(2, 1500, false));
  folder.Write("small/in/a.jsonl", JsonLines(3, 9));
  folder.Write("small/in/b.jsonl", JsonLines(4, 9));
  for (const char* name : {"a", "b", "c"}) {
    folder.Write(std::string("tiny/in/") + name + ".jsonl", JsonLines(*name, 5, false));
  }
  folder.Write("csv/in/a.csv", Csv(100));
  folder.Write("parquet/in/a.parquet", Parquet(1000));
  const std::map<std::string, source::FormatOptions> kinds = {
      {"json", io::JsonlOptions{}},  {"clean", io::JsonlOptions{}},
      {"small", io::JsonlOptions{}}, {"csv", io::CsvOptions{}},
      {"tiny", io::JsonlOptions{}},  {"parquet", io::ParquetReadOptions{}}};
  for (const auto& one : kinds) {
    const std::string& kind = one.first;
    const source::FormatOptions& format = one.second;
    CAPTURE(kind);
    PlaceRun kept(folder.path() + '/' + kind, format, "kept", false);
    PlaceRun stayed(folder.path() + '/' + kind, format, "stayed");
    const Manifest shards = kept.Run().ValueOrDie().at(0);
    const Manifest references = stayed.Run().ValueOrDie().at(0);
    CHECK(References(shards) == 0);
    REQUIRE(References(references) == static_cast<int64_t>(references.outputs.size()));
    CHECK(references.outputs.size() > (kind == "small" || kind == "tiny" || kind == "csv" ? 0 : 3));
    CHECK(references.rows.written == shards.rows.written);
    CHECK(references.rows.rejected == shards.rows.rejected);
    CHECK(stayed.RejectColumn(references, "rule") == kept.RejectColumn(shards, "rule"));
    const Rows expected = RowsOf(kept, shards.outputs, kColumns).ValueOrDie();
    CHECK(RowsOf(stayed, references.outputs, kColumns).ValueOrDie() == expected);
    for (const std::string& column : kColumns) {
      CHECK(RowsOf(stayed, references.outputs, {column}).ValueOrDie() ==
            RowsOf(kept, shards.outputs, {column}).ValueOrDie());
    }
    // From any row of a file on.
    for (const io::DataFile& file : references.outputs) {
      const Rows all = RowsOf(stayed, {file}, kColumns).ValueOrDie();
      const std::vector<std::string> id = {std::string(kRowIdColumn)};
      const Rows ids = RowsOf(stayed, {file}, id).ValueOrDie();
      for (const int64_t row : {int64_t{1}, file.rows / 2, file.rows - 1, file.rows}) {
        const int64_t begin = std::min(row, file.rows);
        CHECK(RowsOf(stayed, {file}, kColumns, row).ValueOrDie() ==
              Rows(all.begin() + begin, all.end()));
        CHECK(RowsOf(stayed, {file}, id, row).ValueOrDie() == Rows(ids.begin() + begin, ids.end()));
      }
    }
  }
}

TEST_CASE("references are the same for any threads, chunks and memory") {
  TempFolder folder;
  folder.Write("in/big.jsonl", "\xEF\xBB\xBF" + JsonLines(5, 2000));
  folder.Write("in/small.jsonl", JsonLines(6, 10));
  std::map<std::string, std::string> expected;
  for (const int threads : {1, 2, 8}) {
    for (const int64_t chunk_bytes : {1, 100, 4096, 1 << 20}) {
      io::JsonlOptions options;
      options.chunk_bytes = chunk_bytes;
      PlaceRun run(folder.path(), options,
                   "w" + std::to_string(threads) + '-' + std::to_string(chunk_bytes));
      run.limits = {threads, chunk_bytes == 1 ? int64_t{256} << 20 : int64_t{2} << 30};
      REQUIRE(run.Run().ok());
      const auto tree = run.Tree();
      if (expected.empty()) expected = tree;
      CHECK(tree == expected);
    }
  }
  // The mark at the beginning of the file is no part of the first row.
  PlaceRun kept(folder.path(), io::JsonlOptions{}, "kept", false);
  PlaceRun stayed(folder.path(), io::JsonlOptions{}, "stayed");
  const Manifest shards = kept.Run().ValueOrDie().at(0);
  const Manifest references = stayed.Run().ValueOrDie().at(0);
  CHECK(RowsOf(stayed, references.outputs, kColumns).ValueOrDie() ==
        RowsOf(kept, shards.outputs, kColumns).ValueOrDie());
}

TEST_CASE("a file whose rows were left in it must be as it was") {
  TempFolder folder;
  const std::string path = folder.path() + "/in/a.jsonl";
  const std::string text = JsonLines(7, 400, false);
  folder.Write("in/a.jsonl", text);
  PlaceRun run(folder.path(), io::JsonlOptions{});
  const Manifest table = run.Run().ValueOrDie().at(0);
  REQUIRE(RowsOf(run, table.outputs, kColumns).ok());
  const auto code_now = [&] {
    run.List();
    const auto rows = RowsOf(run, table.outputs, kColumns);
    return rows.ok() ? ErrorCode::kBug : CodeOf(rows.status());
  };
  std::string other = text;
  other[text.find("\"text\": \"") + 9] = '_';  // of the same size
  folder.Write("in/a.jsonl", other);
  CHECK(code_now() == ErrorCode::kFileChanged);
  folder.Write("in/a.jsonl", text.substr(0, text.size() / 2));
  CHECK(code_now() == ErrorCode::kFileChanged);
  std::filesystem::remove(path);
  folder.Write("in/b.jsonl", text);
  CHECK(code_now() == ErrorCode::kFileChanged);
  folder.Write("in/a.jsonl", text);
  run.List();
  CHECK(RowsOf(run, table.outputs, kColumns).ok());
  run.in_place = false;  // the config changed: nobody can say where the rows are
  run.List();
  CHECK_FALSE(run.Run().ValueOrDie().at(0).outputs.at(0).is_reference());
}

TEST_CASE("a file that changes while its rows are read again ends that") {
  TempFolder folder;
  folder.Write("in/a.jsonl", JsonLines(8, 20000, false));
  io::JsonlOptions options;
  options.chunk_bytes = 4096;
  PlaceRun run(folder.path(), options);
  run.plan.reference_bytes = 64 << 20;
  const Manifest table = run.Run().ValueOrDie().at(0);
  const RowAccess access(*run.workspace, OpenRowsInPlace(run.plan, run.Context()));
  io::DataFile file = table.outputs.at(0);
  file.path = IngestFolder(run.plan) + '/' + file.path;
  const auto reader = access.Open(file, kColumns).ValueOrDie();
  REQUIRE(reader->Next().ok());
  folder.Write("in/a.jsonl", JsonLines(9, 100, false));
  Status status;
  while (status.ok()) {
    const auto batch = reader->Next();
    status = batch.status();
    REQUIRE((!batch.ok() || *batch != nullptr));
  }
  CHECK(CodeOf(status) == ErrorCode::kFileChanged);
}

TEST_CASE("a file that cannot be read any more has changed, and that is told") {
  TempFolder folder;
  folder.Write("in/a.parquet", Parquet(1000));
  PlaceRun run(folder.path(), io::ParquetReadOptions{});
  const Manifest table = run.Run().ValueOrDie().at(0);
  const RowAccess access(*run.workspace, OpenRowsInPlace(run.plan, run.Context()));
  io::DataFile file = table.outputs.at(0);
  file.path = IngestFolder(run.plan) + '/' + file.path;
  const auto first = access.Open(file, kColumns).ValueOrDie();
  const auto second = access.Open(file, kColumns).ValueOrDie();
  folder.Write("in/a.parquet", "no Parquet at all");
  CHECK(CodeOf(first->Next().status()) == ErrorCode::kFileChanged);
  std::filesystem::remove(folder.path() + "/in/a.parquet");
  CHECK(CodeOf(second->Next().status()) == ErrorCode::kFileChanged);
}

TEST_CASE("a damaged reference is told by name") {
  TempFolder folder;
  folder.Write("in/a.jsonl", JsonLines(10, 100));
  PlaceRun run(folder.path(), io::JsonlOptions{});
  const Manifest table = run.Run().ValueOrDie().at(0);
  const std::string key = IngestFolder(run.plan) + '/' + table.outputs.at(0).path;
  const std::string text = run.workspace->ReadSmall(key).ValueOrDie();
  for (const std::string& damaged :
       {text.substr(0, text.size() / 2), "{}" + text, std::string("\0\xff", 2), std::string()}) {
    REQUIRE(run.workspace->Replace(key, damaged).ok());
    const auto rows = RowsOf(run, table.outputs, kColumns);
    REQUIRE_FALSE(rows.ok());
    CHECK(CodeOf(rows.status()) == ErrorCode::kWorkspaceDamaged);
    CHECK(rows.status().message().find(table.outputs.at(0).path) != std::string::npos);
  }
  REQUIRE(run.workspace->Remove(key).ok());
  CHECK(CodeOf(RowsOf(run, table.outputs, kColumns).status()) == ErrorCode::kIoFailed);
  REQUIRE(run.Run().ok());
  CHECK(run.workspace->ReadSmall(key).ValueOrDie() == text);
}

TEST_CASE("large text that cannot be cut, and packed files, become shards all the same") {
  TempFolder folder;
  folder.Write("array/in/a.json", "[" + std::string(9000, ' ') + R"({"id": 1, "text": "a"}])");
  folder.Write("small/in/a.json", R"([{"id": 1, "text": "a"}])");
  folder.Write("packed/in/a.jsonl.zst", JsonLines(1, 3));  // by its name; its bytes say otherwise
  const auto references = [&](const std::string& kind) {
    PlaceRun run(folder.path() + '/' + kind, io::JsonlOptions{});
    const Manifest table = run.Run().ValueOrDie().at(0);
    CHECK(table.rows.written > 0);
    return References(table);
  };
  CHECK(references("array") == 0);
  CHECK(references("small") == 1);
  CHECK(references("packed") == 0);
}

}  // namespace millrace::stage
