// One chunk on its way from bytes to checked rows: what runs on the pool, in any order.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/reject.h"
#include "contract/binding.h"
#include "io/record_reader.h"
#include "stage/key_digest.h"

namespace millrace::stage {

struct ParsedChunk {
  int64_t records = 0;
  std::shared_ptr<arrow::RecordBatch> rows;  // of the contract's columns
  std::vector<uint32_t> record_of_row;
  std::vector<Reject> rejects;              // of the reader and the contract, by record
  std::vector<std::vector<KeyOfRow>> keys;  // per unique column
  int64_t bytes = 0;                        // about what all this takes in memory
};

/// Pure. RowEquation (a bug) when a record is neither a row nor a reject, or is both.
Result<ParsedChunk> ParseChunk(const io::RecordReader& reader, const contract::Binding& binding,
                               const io::Chunk& chunk, const std::vector<int>& unique_columns);

}  // namespace millrace::stage
