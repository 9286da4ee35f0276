// One ingest of line files (line_input.h) into a workspace of its own, for tests.
#pragma once

#include <arrow/api.h>
#include <parquet/arrow/reader.h>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/testing/temp_folder.h"
#include "stage/ingest.h"
#include "stage/testing/line_input.h"

namespace millrace::stage {

/// Lines "<id>,<text>" with bad ones among them; ids repeat now and then.
inline std::string RandomLines(uint64_t seed, int lines) {
  std::mt19937_64 random(seed + 1);
  std::string text;
  for (int i = 0; i < lines; ++i) {
    const uint64_t draw = random();
    if (draw % 17 == 0) text += "!";
    text += draw % 19 == 0 ? "x" : std::to_string(draw % 5000);
    text += ',' + std::string(draw % 23, static_cast<char>('a' + draw % 26)) + '\n';
  }
  return text;
}

/// One of eight files below in/ is written anew with so many lines, or removed.
inline void ChangeSomeFile(TempFolder& folder, int lines, std::mt19937_64* random) {
  const std::string name = "in/f" + std::to_string((*random)() % 8);
  if ((*random)() % 5 == 0) {
    std::filesystem::remove(folder.path() + '/' + name);
  } else {
    folder.Write(name, RandomLines((*random)() % 6, lines));
  }
}

/// One big file and some small ones.
inline void WriteInputs(const TempFolder& folder, const std::string& text) {
  folder.Write("in/big", text);
  for (int i = 0; i < 9; ++i)
    folder.Write("in/small " + std::to_string(i), RandomLines(static_cast<uint64_t>(i), 20));
}

struct TestRun {
  explicit TestRun(const std::string& folder, const std::string& name = "workspace")
      : input_folder(folder + "/in"), workspace(io::MakeLocalStore(folder + '/' + name, true)) {
    contract::Contract contract;
    contract.columns.resize(2);
    contract.columns[0].name = "id";
    contract.columns[0].type_text = "int64";
    contract.columns[0].type = arrow::int64();
    contract.columns[1].name = "text";
    contract.columns[1].type = arrow::utf8();
    plan.pipeline = "test";
    plan.contracts = {contract};
    plan.contract_json = {"{}"};
    plan.rows_per_shard = 100;
    plan.split_bytes = 2048;
    plan.writer.rows_per_batch = 16;
    plan.writer.rows_per_row_group = 64;
    List();
  }

  /// Looks at the input folder again.
  void List() {
    IngestSource source;
    source.files.name = "src";
    source.files.format = format;
    source.files.store = io::MakeLocalStore(input_folder);
    source.files.files = source.files.store->List("").ValueOrDie();
    if (!plan.sources.empty()) source.limits = plan.sources[0].limits;
    source.in_place = in_place;
    plan.sources = {source};
  }

  Result<std::vector<Manifest>> Run() {
    List();
    RunContext context = Context();
    context.progress = progress;
    context.fresh_rows = fresh_rows;
    return RunIngest(plan, context);
  }

  RunContext Context() const {
    RunContext context;
    context.workspace = workspace;
    context.limits = limits;
    context.input = real ? RealInput() : LineInput(input);
    if (open) context.input.open = open;
    context.cancelled = cancelled;
    return context;
  }

  /// Every file of the stage with its bytes, without what a killed attempt left behind.
  std::map<std::string, std::string> Tree() const {
    std::map<std::string, std::string> tree;
    for (const io::FileInfo& file : workspace->List("stages").ValueOrDie()) {
      if (!io::IsTemporaryKey(file.key))
        tree[file.key] = workspace->ReadSmall(file.key).ValueOrDie();
    }
    return tree;
  }
  /// The manifest and the files that it names.
  std::map<std::string, std::string> ManifestTree() const {
    std::map<std::string, std::string> tree;
    const std::string manifest = workspace->ReadSmall(ManifestKey(plan, "")).ValueOrDie();
    for (const auto& [key, bytes] : Tree()) {
      const std::string name = key.substr(key.rfind('/') + 1);
      if (key == ManifestKey(plan, "") || manifest.find(name) != std::string::npos)
        tree[key] = bytes;
    }
    return tree;
  }

  std::vector<std::string> Column(const Manifest& table, const std::string& column) const {
    return ColumnOf(table.outputs, column);
  }
  std::vector<std::string> RejectColumn(const Manifest& table, const std::string& column) const {
    return ColumnOf(table.reject_files, column);
  }
  std::vector<std::string> ColumnOf(const std::vector<io::DataFile>& files,
                                    const std::string& column) const {
    std::vector<std::string> values;
    for (const io::DataFile& file : files) {
      auto input = workspace->OpenForRead(IngestFolder(plan) + '/' + file.path).ValueOrDie();
      auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
      const auto rows = reader->ReadTable().ValueOrDie();
      const auto chunked = rows->GetColumnByName(column);
      for (int64_t i = 0; i < chunked->length(); ++i) {
        values.push_back(chunked->GetScalar(i).ValueOrDie()->ToString());
      }
    }
    return values;
  }

  std::string input_folder;
  std::shared_ptr<io::Store> workspace;
  IngestPlan plan;
  RunLimits limits{2, int64_t{1} << 30};
  LineInputOptions input;
  source::FormatOptions format = io::CsvOptions{};
  bool real = false;                 // files of the format, instead of lines
  bool in_place = false;             // rows stay in their files
  decltype(InputAccess::open) open;  // empty: line files
  Progress* progress = nullptr;
  const std::atomic<bool>* cancelled = nullptr;
  std::shared_ptr<FreshRows> fresh_rows;
};

}  // namespace millrace::stage
