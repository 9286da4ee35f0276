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

enum class Format { kParquet, kJsonl };
enum class TextCompression { kNone, kGzip, kZstd };

struct ExportOptions {
  std::string name;
  Format format = Format::kParquet;
  TextCompression compression = TextCompression::kNone;  // jsonl only
  int compression_level = 1;
  int64_t rows_per_shard = 0;             // 0: the stage's shards as they are
  int64_t rows_per_row_group = 131072;    // parquet only
  std::vector<std::string> columns;       // empty: all
  std::vector<std::string> partition_by;  // parquet only: hive-style folders
  bool provenance = true;                 // keep the reserved columns (__fdf__/...)
  bool overwrite = false;                 // add a release although LATEST names another one
};

/// What is exported: the stage's shards in row order.
struct ExportInput {
  std::shared_ptr<io::Store> store;  // the workspace
  std::vector<io::DataFile> shards;  // paths are keys of the store
  std::string run_id;
  std::string table;
  std::shared_ptr<arrow::Schema> schema;  // of the rows; needed only where there are no shards
};

struct Release {
  std::string export_name, release_id;
  std::vector<io::DataFile> files;  // paths relative to the release's folder
  int64_t rows = 0;
  bool linked = false;             // the stage's shards were linked, not rewritten
  bool existed = false;            // this very release was there already
  int64_t non_finite_as_null = 0;  // jsonl: NaN and infinities, which JSON cannot hold
};

/// Idempotent: the release id hashes the run and the options, and an existing complete release is
/// kept as it is. ReleaseExists when LATEST names another release and `overwrite` is false.
Result<Release> WriteRelease(const ExportInput& input, const ExportOptions& options,
                             std::shared_ptr<io::Store> target, TaskPool* pool);

}  // namespace millrace::exporting
