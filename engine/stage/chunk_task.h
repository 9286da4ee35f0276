// One chunk on its way from bytes to checked rows: what runs on the pool, in any order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/reject.h"
#include "contract/binding.h"
#include "io/record_reader.h"
#include "stage/key_digest.h"
#include "stage/profile.h"

namespace millrace::stage {

/// Where a row of a text begins in its file.
struct RowMark {
  int64_t row = 0;     // of the chunk's rows
  int64_t record = 0;  // of its records
  int64_t byte_offset = 0;
};

struct ParsedChunk {
  int64_t records = 0;
  std::shared_ptr<arrow::RecordBatch> rows;  // of the contract's columns
  std::vector<uint32_t> record_of_row;
  std::vector<Reject> rejects;                      // of the reader and the contract, by record
  std::map<int64_t, std::string> sensitive_values;  // see CheckedBatch
  std::vector<contract::NulledValues> nulled;
  std::optional<Reject> failure;            // ends the run: see CheckedBatch
  std::vector<std::vector<KeyOfRow>> keys;  // per unique column
  std::unique_ptr<TableProfiler> profile;   // of the rows
  std::vector<RowMark> marks;               // of the first row and each behind a marked place
  int64_t bytes = 0;                        // about what all this takes in memory
};

/// What a table asks of its chunks.
struct ChunkWork {
  std::shared_ptr<arrow::Schema> schema;  // of the table
  std::set<std::string> sensitive;
  std::vector<int> unique_columns;
  int64_t mark_bytes = 0;  // > 0: marks are wanted, at all multiples of it
  bool rows_only = false;  // neither keys nor profile: the rows have been counted before
};

/// Pure. RowEquation (a bug) when a record is neither a row nor a reject, or is both.
Result<ParsedChunk> ParseChunk(const io::RecordReader& reader, const contract::Binding& binding,
                               const io::Chunk& chunk, const ChunkWork& work);

}  // namespace millrace::stage
