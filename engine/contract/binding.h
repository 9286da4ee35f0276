// A contract bound to one file of one source: which columns to read, and raw batch in, checked
// batch and rejects out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/reject.h"
#include "base/status.h"
#include "contract/contract.h"
#include "io/record_reader.h"

namespace millrace::contract {

struct CheckedBatch {
  std::shared_ptr<arrow::RecordBatch> rows;   // SchemaOf(contract)
  std::vector<uint32_t> record_of_row;        // record index in the chunk, ascending
  std::vector<Reject> rejects;                // of the contract only, sorted by record
};

/// Immutable after binding; Apply may be called from any thread.
class Binding {
 public:
  virtual ~Binding() = default;
  /// What to read from a file. Expressions contribute the columns they use.
  virtual const io::Projection& projection() const = 0;
  /// Prepares for a file's schema: text columns are cast, typed ones pass or are cast losslessly.
  /// MissingColumn lists every column the file lacks, with the closest names it has.
  virtual Status BindFile(const arrow::Schema& file_schema) = 0;
  /// Casts and checks. `chunk` gives raw bytes for rejects where the format has byte ranges.
  /// A value that breaks a rule with on_error: fail is ColumnFailed.
  virtual Result<CheckedBatch> Apply(const io::RawBatch& batch, const io::Chunk& chunk) const = 0;
};

/// `text_input`: the source's files give text (CSV, JSONL) rather than typed columns (Parquet).
Result<std::unique_ptr<Binding>> Bind(const Contract& contract, const std::string& source_name);

}  // namespace millrace::contract
