// The seam between formats and the engine: a file is cut serially into chunks that end at record
// boundaries, and chunks are parsed in parallel into batches. Rejected records travel beside the
// rows with their bytes, so that every byte and every record of a file is accounted for.
//
// Text formats (CSV, JSONL) give utf8 columns holding each value's text, one rule for casting
// whatever the format; null means "no value" (an unquoted empty CSV field, a missing or null JSON
// member). Parquet gives typed columns.
#pragma once

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/reject.h"
#include "base/status.h"
#include "io/read_as.h"

namespace millrace::io {

/// A column that is wanted from a file: a CSV or Parquet column name, or a path ("doc.id",
/// "tags[0]") into a JSON record.
struct FieldRequest {
  std::string path;
  bool wants_json =
      false;              // objects and arrays are welcome, as their JSON text; scalars stay plain
  bool raw_json = false;  // with wants_json: every value as it stands in the JSON, strings quoted
                          // (the target is list, struct or json; other formats ignore it)
  bool optional = false;  // a file without the column gives nulls instead of MissingColumn
};

/// What to do with fields the requests do not name.
enum class UnknownFields { kDrop, kReject };

struct Projection {
  bool all = false;  // every column of the file, in file order; requests are empty
  std::vector<FieldRequest> fields;
  UnknownFields unknown = UnknownFields::kDrop;  // kReject: a record with another field is rejected
  std::vector<std::string> known;  // with kReject: further top-level fields that are no surprise
};

/// A value that could not be given as the request wants it; the row itself is still there and the
/// contract's on_error rule decides its fate.
struct CellError {
  int64_t row = 0;  // in RawBatch::columns
  int column = 0;
  std::string rule;  // for example "json.expected_scalar"
  std::string value;
};

/// Where a record's bytes are: relative to its chunk's first byte.
struct RecordExtent {
  uint32_t offset = 0;
  uint32_t length = 0;
};

/// A run of whole records: bytes of a text format, or decoded rows of one Parquet row group.
struct Chunk {
  int64_t index = 0;                            // 0, 1, 2, ... in file order
  int64_t byte_offset = 0;                      // of the first byte in the decompressed file
  std::shared_ptr<arrow::Buffer> bytes;         // null for Parquet
  std::shared_ptr<arrow::RecordBatch> decoded;  // Parquet only
  int row_group = -1;                           // likewise, as are:
  int64_t first_row = 0;                        // in the row group
  int64_t rows = 0;
  /// > 0: the chunk is one record larger than record_bytes_max, of this many bytes, and `bytes`
  /// holds only its head (at least kRejectRawBytesMax of it, or all). It parses to one reject.
  int64_t oversize_bytes = 0;
  /// > 0: the chunk is this many bytes that hold no record of the table (a footer, other tables of
  /// the file), and `bytes` is empty. It parses to nothing.
  int64_t skipped_bytes = 0;
  /// The bytes of the file this chunk stands for.
  int64_t bytes_size() const {
    if (skipped_bytes > 0) return skipped_bytes;
    return oversize_bytes > 0 ? oversize_bytes : bytes ? bytes->size() : 0;
  }
};

struct RawBatch {
  std::shared_ptr<arrow::RecordBatch> columns;  // one column per request, in order
  int64_t records = 0;                          // rows + rejects: every record of the chunk
  std::vector<uint32_t>
      record_of_row;                   // row -> record index in chunk; empty when row i is record i
  std::vector<RecordExtent> extents;   // per row; empty where the format has no byte ranges
  std::vector<CellError> cell_errors;  // sorted by row, then column
  std::vector<Reject> rejects;         // sorted by record; byte_offset is file-absolute
  int64_t bytes_accounted = 0;         // == chunk.bytes_size(): records, separators and rejects

  int64_t RecordOfRow(int64_t row) const {
    return record_of_row.empty() ? row
                                 : static_cast<int64_t>(record_of_row[static_cast<size_t>(row)]);
  }
};

/// One open file. Next is serial; Parse is const, thread-safe and pure.
class RecordReader {
 public:
  virtual ~RecordReader() = default;

  /// The columns of the file as it stands (CSV: header names as utf8; Parquet: its schema;
  /// JSONL: the requested paths as utf8). Known after opening.
  virtual const std::shared_ptr<arrow::Schema>& file_schema() const = 0;

  /// The next chunk, or nullptr at the end of the file. A record larger than the options'
  /// record_bytes_max comes as a chunk that parses to one reject.
  virtual Result<std::shared_ptr<Chunk>> Next() = 0;
  virtual Result<RawBatch> Parse(const Chunk& chunk) const = 0;

  /// Bytes before the first chunk (byte order mark, header, preamble), for the byte equation:
  /// header_bytes + sum of bytes_accounted == bytes of the decompressed file.
  virtual int64_t header_bytes() const = 0;

  /// Whether the bytes of any run of whole records, cut out of the file, are a file of the same
  /// records. Known after opening.
  virtual bool can_be_cut() const { return false; }

  /// How the file was told to be written, for those who want to know afterwards. REQUIRES: the
  /// reader has given a chunk; what stands at the end of the file is known there alone.
  virtual ReadAs read_as() const { return {}; }
};

}  // namespace millrace::io
