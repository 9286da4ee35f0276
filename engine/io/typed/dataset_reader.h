// A dataset in: rows that the caller holds, in pieces that are read as splits of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/dataset_input.h"
#include "io/record_reader.h"

namespace millrace::io {

struct DatasetReadOptions {
  std::shared_ptr<const DatasetInput> dataset;  // null while nobody has handed one in
  int64_t bytes_per_piece = 64 << 20;
  int64_t piece_begin = 0;            // the first one to read
  int64_t stream_split_rows = 65536;  // of a stream: the rows that are read back as a split
};

/// How many rows a piece has, from the dataset's size alone: a power of two, so that a slightly
/// other estimate of the same rows cuts them alike. REQUIRES: it is there and does not stream.
int64_t RowsPerPiece(const DatasetReadOptions& options);
/// At least one.
int64_t CountPieces(const DatasetReadOptions& options);

/// What stands for the hash of its bytes: of the fingerprint, the schema and the number of rows.
std::string IdentityOf(const DatasetInput& dataset);

/// Chunks name their piece as `row_group`. Requests and types are those of OpenParquet.
/// FileChanged or CorruptFile when the dataset does not give what it promised. REQUIRES: it is
/// there and does not stream.
Result<std::unique_ptr<RecordReader>> OpenDataset(const DatasetReadOptions& options,
                                                  const Projection& projection);

/// An error that `read` gave, or that came while its batches were read, as CorruptFile; errors of
/// the engine and cancellation stay what they are.
Status DatasetError(const Status& status);
/// The batches' columns and types are not those of the schema.
Status CheckBatch(const arrow::Schema& schema, const arrow::RecordBatch& batch);

}  // namespace millrace::io
