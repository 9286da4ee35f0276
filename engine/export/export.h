// Committed rows out into releases: a complete new prefix <target>/<release_id>/, then LATEST.json
// last. A reader that follows LATEST.json never sees half a release.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/task_pool.h"
#include "io/data_file.h"
#include "io/store.h"

namespace millrace::exporting {

struct PromptOptions;  // prompts/prompt_options.h

enum class Format { kParquet, kJsonl, kPrompts };
/// As a config names it: "parquet".
std::string FormatName(Format format);

enum class TextCompression { kNone, kGzip, kZstd };

struct ExportOptions {
  std::string name;
  Format format = Format::kParquet;
  TextCompression compression = TextCompression::kNone;  // jsonl and prompts
  int compression_level = 1;
  int64_t rows_per_shard = 0;                    // 0: the stage's shards as they are
  int64_t rows_per_row_group = 131072;           // parquet only
  std::vector<std::string> columns;              // empty: all
  std::vector<std::string> partition_by;         // parquet only: hive-style folders
  bool provenance = true;                        // keep the reserved columns (__fdf__/...)
  bool overwrite = false;                        // add a release although LATEST names another one
  std::shared_ptr<const PromptOptions> prompts;  // of a prompts export; `columns` are kept beside
};

/// What is exported: the stage's shards in row order.
struct ExportInput {
  std::shared_ptr<io::Store> store;  // the workspace
  std::vector<io::DataFile> shards;  // paths are keys of the store
  std::string run_id;
  std::string table;
  std::shared_ptr<arrow::Schema> schema;  // of the rows; needed only where there are no shards
};

/// Rows of the input that an export could not use, by rule; the rows themselves are listed in the
/// release's _rejects.jsonl.
struct ExportRejects {
  std::string rule, part;
  int64_t rows = 0;
};

struct Release {
  std::string export_name, release_id;
  std::vector<io::DataFile> files;  // paths relative to the release's folder
  int64_t rows = 0;
  std::vector<ExportRejects> rejects;  // by rule and part, prompts only
  io::DataFile reject_file;            // path "" where nothing was rejected
  std::string manifest_sha256;         // of the release's _millrace.json
  std::string previous;                // the release that was the latest before; "" of the first
  bool linked = false;                 // the stage's shards were linked, not rewritten
  bool existed = false;                // this very release was there already
  int64_t non_finite_as_null = 0;      // jsonl: NaN and infinities, which JSON cannot hold
  int64_t rows_rejected() const {
    int64_t sum = 0;
    for (const ExportRejects& reason : rejects) sum += reason.rows;
    return sum;
  }
};

/// Idempotent: the release id hashes the run and the options, and an existing complete release is
/// kept as it is. ReleaseExists when LATEST names another release and `overwrite` is false.
Result<Release> WriteRelease(const ExportInput& input, const ExportOptions& options,
                             std::shared_ptr<io::Store> target, TaskPool* pool);

}  // namespace millrace::exporting
