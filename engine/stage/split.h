// The units of work and of commit inside a stage, planned from the inputs alone: threads, memory
// and earlier runs have no say.
//
// A file of at least `split_bytes` is a split (a Parquet file: one per range of row groups).
// Smaller neighbours in path order form groups. Where a group ends is decided by each file for
// itself, from the hash of its path and its size: a file ends a group with a chance of its share of
// `split_bytes`. So a file that comes, goes or grows changes the group around it and no other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/store.h"

namespace millrace::stage {

struct IngestPlan;

struct Split {
  int source = 0;            // index into IngestPlan::sources
  std::vector<int> files;    // neighbours in the source's files, in order
  int row_group_begin = -1;  // of the one Parquet file; -1: all of the files
  int row_group_end = -1;
  int64_t first_ordinal = 0;  // of the first record of the range
  int64_t bytes = 0;          // raw, for progress
  int64_t page_bytes = 0;     // about those of its largest Parquet page, decompressed; 0: not known
};

/// Opening a file costs about what reading this many bytes does; also bounds groups of tiny files.
inline constexpr int64_t kFileCostBytes = 64 << 10;

/// Rows and stored bytes of a Parquet row group.
struct RowGroupShape {
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t page_bytes = 0;  // as of a split
};

/// All splits in row order: sources in config order, files in path order. UnreadablePath when a
/// path is not UTF-8: it could not be part of a row id.
Result<std::vector<Split>> PlanSplits(const IngestPlan& plan);

/// Groups of neighbouring files, as ranges [begin, end) of indices.
struct FileRange {
  size_t begin = 0, end = 0;
};
std::vector<FileRange> GroupFiles(const std::vector<io::FileInfo>& files, int64_t split_bytes);

/// Ranges of row groups, as few as are of about `split_bytes` at most, and of about one size; at
/// least one.
std::vector<FileRange> GroupRowGroups(const std::vector<RowGroupShape>& row_groups,
                                      int64_t split_bytes);

}  // namespace millrace::stage
