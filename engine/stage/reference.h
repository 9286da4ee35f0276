// Rows that a run has read and counted, and that stay where they are: in the files of a source. A
// reference takes the place of a shard. It says which records of which files its rows are, so that
// reading these again gives the rows (rows_in_place.h), and holds the hash of their values.
// Format: spec/workspace.md.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/data_file.h"
#include "io/store.h"
#include "source/file_source.h"

namespace millrace::stage {

struct RowReference {
  struct File {
    std::string path;  // relative to the source's root
    int64_t bytes = 0;
    std::string sha256;
    int64_t records = 0;  // of it that are referred to
  };
  std::string source;
  std::vector<File> files;                       // of a split, in order
  int row_group_begin = -1, row_group_end = -1;  // as of a split
  std::optional<source::ByteRange> range;        // of the one file; none: all of the files
  int64_t first_ordinal = 0;                     // of the first record in its file
  int64_t records = 0;                           // in all files: rows and rejects
  int64_t rows = 0;
  bool all_are_rows() const { return records == rows; }
  std::string logical_sha256;  // of the rows, as of a shard
};

/// Puts `<key_prefix>-<hash>.rows.json`; the path of the result is that key. `referred_bytes`: as
/// in io::DataFile.
Result<io::DataFile> PutReference(io::Store& store, const std::string& key_prefix,
                                  const RowReference& reference, int64_t referred_bytes);
/// WorkspaceDamaged when the file is not the one that was committed, IoFailed when it is not there.
Result<RowReference> ReadReference(io::Store& store, const io::DataFile& file);

/// Whether the rows of some of the files stayed where they were.
bool HoldReferences(const std::vector<io::DataFile>& files);

/// The number of rows that a file of the store says it has: a shard, rejects, or a reference.
/// `file.path` is a key.
Result<int64_t> StoredRows(io::Store& store, const io::DataFile& file);

}  // namespace millrace::stage
