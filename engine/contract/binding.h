// A contract bound to one file of one source: which columns to read, and raw batch in, checked
// batch and rejects out.
//
// Per column: trim, null_values, default, cast, required, enum, min, max, length, regex, in this
// order; the first that fails counts, and on_error decides: reject the row, set the value to null,
// or end the run. A row is rejected once, for its first failing column in contract order; the
// message names the others. Values of sensitive columns appear in `raw` only, which is data.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/reject.h"
#include "base/status.h"
#include "contract/contract.h"
#include "io/record_reader.h"

namespace millrace::contract {

/// Values that on_error: set_null took out of rows that were kept.
struct NulledValues {
  int column = 0;  // of schema()
  std::string rule;
  int64_t rows = 0;
};

struct CheckedBatch {
  std::shared_ptr<arrow::RecordBatch> rows;  // SchemaOf(contract)
  std::vector<uint32_t> record_of_row;       // record index in the chunk, ascending
  std::vector<Reject> rejects;               // of the contract only, sorted by record
  /// Of rejects at a sensitive column, by record: the value that Reject::value leaves out. For a
  /// keyed hash in its place, never to be written or shown as it is.
  std::map<int64_t, std::string> sensitive_values;
  std::vector<NulledValues> nulled;  // sorted by column, then rule
  /// The first row with a value that breaks a rule with on_error: fail, told like a reject. It ends
  /// the run: everything else is empty then.
  std::optional<Reject> failure;
};

/// One binding per open file. After BindFile it is immutable: Apply may be called from any thread.
class Binding {
 public:
  virtual ~Binding() = default;
  /// What to read from a file. Expressions contribute the columns they use. Under unknown_columns:
  /// keep the reader still rejects fields that planning did not find: nothing is dropped silently.
  virtual const io::Projection& projection() const = 0;
  /// SchemaOf(contract).
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// Columns of schema() that are `unique`, ascending; checked by the stage, over all rows.
  virtual const std::vector<int>& unique_columns() const = 0;
  /// Prepares for a file's schema: text columns are cast, typed ones pass or are cast losslessly.
  /// MissingColumn lists every column the file lacks, with the closest names it has;
  /// UnknownColumn what unknown_columns: fail forbids.
  virtual Status BindFile(const arrow::Schema& file_schema) = 0;
  /// Casts and checks. `chunk` gives raw bytes for rejects where the format has byte ranges.
  virtual Result<CheckedBatch> Apply(const io::RawBatch& batch, const io::Chunk& chunk) const = 0;
};

/// REQUIRES: ValidateContract(contract) is empty.
Result<std::unique_ptr<Binding>> Bind(const Contract& contract, const std::string& source_name);

}  // namespace millrace::contract
