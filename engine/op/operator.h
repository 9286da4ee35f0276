// What happens to the rows of a stage: an operator with its parameters, bound to the columns that
// reach it. There is one class per kind, and a kind can do no more than its class lets it: a Scorer
// has no way to drop a row, a Filter none to change one.
//
// Columns have working names: a user's column as it is called, a measure as `<id>.<name>`. Batches
// hold them and `__fdf__/row_id`; the other reserved columns are the chain's (chain.h).
//
// Thread-safety: immutable after construction; any thread may call, several at once. What an
// operator gives depends on the row alone, never on the batch it comes in.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::op {

enum class Kind { kScore, kEvaluator, kFilter, kRefiner, kGenerator };
/// "score", "evaluator", "filter", "refiner", "generator".
std::string_view KindName(Kind kind);

/// A row that an operator could not work on: it becomes a reject of the instance, of whatever kind
/// that is. The message names no value.
struct RowFailure {
  int64_t row = 0;
  std::string rule;  // a stable word: "expr.cast"
  std::string message;
};
/// Ascending rows, at most one for each. What an operator gives for such a row is not looked at.
using RowFailures = std::vector<RowFailure>;

/// What an operator must know to work on a row: the row alone, or all rows that reach it. The
/// latter are done by the stage in phases: it looks at every split, decides, and then has the chain
/// drop what was decided.
enum class Scope { kRow, kKeys, kNear, kCount, kQuota, kOrder };

class Operator {
 public:
  virtual ~Operator() = default;
  virtual Kind kind() const = 0;
  virtual Scope scope() const { return Scope::kRow; }
  /// What its results depend on beside its parameters as they are written: a digest of a secret.
  virtual std::string Identity() const { return ""; }
  /// The SHA-256 of the file that it works with, as manifests name it; "" for none. Part of the
  /// identity.
  virtual std::string FileSha256() const { return ""; }
  /// How many rows it is to get at once, counted from the first row of a split; 0: as they come.
  virtual int64_t batch_rows() const { return 0; }
  /// The working names of the columns it reads.
  const std::vector<std::string>& reads() const { return reads_; }

 protected:
  explicit Operator(std::vector<std::string> reads) : reads_(std::move(reads)) {}

 private:
  std::vector<std::string> reads_;
};

/// Adds columns, and leaves all others as they are.
class Annotator : public Operator {
 public:
  /// The columns it adds.
  const arrow::FieldVector& adds() const { return adds_; }
  /// One array per column of adds().
  virtual Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows,
                                              RowFailures* failures) const = 0;

 protected:
  Annotator(std::vector<std::string> reads, arrow::FieldVector adds)
      : Operator(std::move(reads)), adds_(std::move(adds)) {}

 private:
  arrow::FieldVector adds_;
};

/// Measures rows: adds fields `<id>_<name>` and measures `<id>.<name>`.
class Scorer : public Annotator {
 public:
  Kind kind() const final { return Kind::kScore; }

 protected:
  using Annotator::Annotator;
};

/// Judges rows without consequences: adds `eval.<id>_<name>`.
class Evaluator : public Annotator {
 public:
  Kind kind() const final { return Kind::kEvaluator; }

 protected:
  using Annotator::Annotator;
};

/// Why rows are dropped.
struct Reason {
  std::string rule;       // a stable word: "where.false"
  std::string column;     // the one at fault; may be empty
  std::string threshold;  // what was measured against; may be empty
  std::string message;    // a sentence; names no value
};

/// What a filter says of the rows of a batch.
struct Verdict {
  std::shared_ptr<arrow::BooleanArray> keep;  // without nulls
  /// Per row an index into reasons(), looked at where `keep` is false; empty: the first of them.
  std::vector<uint8_t> reason;
  /// Where it is known by now: what was measured of each row (utf8), as of Filter::Measured.
  std::shared_ptr<arrow::Array> measured = nullptr;
};

/// Drops rows.
class Filter : public Operator {
 public:
  Kind kind() const final { return Kind::kFilter; }
  const std::vector<Reason>& reasons() const { return reasons_; }
  virtual Result<Verdict> Judge(const arrow::RecordBatch& rows, RowFailures* failures) const = 0;
  /// What was measured of rows that were dropped, if the verdict does not say: a utf8 array, or
  /// null for nothing. It is shown to people and must not hold values of sensitive columns.
  virtual Result<std::shared_ptr<arrow::Array>> Measured(const arrow::RecordBatch& dropped) const;
  /// The numbers it looks at, by working name, at most kMeasuresMax: how they are spread is told of
  /// the rows that pass it and of those that it is against. None that must not be shown.
  virtual std::vector<std::string> Measures() const { return {}; }
  static constexpr size_t kMeasuresMax = 4;

 protected:
  Filter(std::vector<std::string> reads, std::vector<Reason> reasons)
      : Operator(std::move(reads)), reasons_(std::move(reasons)) {}

 private:
  std::vector<Reason> reasons_;
};

/// A filter that must know of all rows that reach it. The stage decides which of them it drops.
class GlobalFilter : public Operator {
 public:
  Kind kind() const final { return Kind::kFilter; }
  /// Why it drops; the threshold is the stage's to fill in.
  const Reason& reason() const { return reason_; }

 protected:
  GlobalFilter(std::vector<std::string> reads, Reason reason)
      : Operator(std::move(reads)), reason_(std::move(reason)) {}

 private:
  Reason reason_;
};

/// How a KeyFilter compares.
struct KeyFilterOptions {
  /// Null equals null; otherwise a row with a null among them has no equal.
  bool nulls_equal = false;
  bool verify = false;  // the values of rows with equal digests, too
  /// A place that holds digests of rows that others have kept, which are dropped; the rows kept
  /// here are added under a name. Empty: none.
  std::string index, index_as;
};

/// Keeps the first of rows that are equal in some columns.
class KeyFilter : public GlobalFilter {
 public:
  KeyFilter(std::vector<std::string> columns, KeyFilterOptions options, Reason reason)
      : GlobalFilter(columns, std::move(reason)),
        columns_(std::move(columns)),
        options_(std::move(options)) {}
  Scope scope() const final { return Scope::kKeys; }
  const std::vector<std::string>& columns() const { return columns_; }
  const KeyFilterOptions& options() const { return options_; }

 private:
  std::vector<std::string> columns_;
  KeyFilterOptions options_;
};

/// Drops rows that are nearly what an earlier row is that is kept: whose hashes of 64 bits differ
/// in few of them. It goes through the rows in input order; what a row that is dropped is like does
/// not matter.
class NearFilter : public GlobalFilter {
 public:
  Scope scope() const final { return Scope::kNear; }
  /// In so many bits hashes may differ.
  int distance_max() const { return distance_max_; }
  /// Per row its hash; none of a row that is like no other.
  virtual Result<std::vector<std::optional<uint64_t>>> HashesOf(
      const arrow::RecordBatch& rows) const = 0;

 protected:
  NearFilter(std::vector<std::string> reads, int distance_max, Reason reason)
      : GlobalFilter(std::move(reads), std::move(reason)), distance_max_(distance_max) {}

 private:
  int distance_max_;
};

/// Keeps the first rows, so many of them.
class CountFilter : public GlobalFilter {
 public:
  CountFilter(int64_t rows_max, Reason reason)
      : GlobalFilter({}, std::move(reason)), rows_max_(rows_max) {}
  Scope scope() const final { return Scope::kCount; }
  int64_t rows_max() const { return rows_max_; }

 private:
  int64_t rows_max_;
};

/// Puts the rows into another order: by a hash of their ids under a seed. The last of its stage.
class Orderer : public Operator {
 public:
  explicit Orderer(uint64_t seed) : Operator({}), seed_(seed) {}
  Kind kind() const final { return Kind::kRefiner; }
  Scope scope() const final { return Scope::kOrder; }
  uint64_t seed() const { return seed_; }

 private:
  uint64_t seed_;
};

/// The rows after a refiner.
struct Refined {
  std::shared_ptr<arrow::RecordBatch> rows;  // of output(), as many as came
  /// Where a value has changed; no nulls. Null: nowhere that a row could tell of.
  std::shared_ptr<arrow::BooleanArray> changed;
};

/// Changes, renames or removes columns.
class Refiner : public Operator {
 public:
  Kind kind() const final { return Kind::kRefiner; }
  /// The columns after it. Those it does not change keep their place and their arrays.
  const std::shared_ptr<arrow::Schema>& output() const { return output_; }
  /// The working names it changes or adds; all others are handed on untouched.
  const std::vector<std::string>& writes() const { return writes_; }
  virtual Result<Refined> Refine(const arrow::RecordBatch& rows, RowFailures* failures) const = 0;

 protected:
  Refiner(std::vector<std::string> reads, std::vector<std::string> writes,
          std::shared_ptr<arrow::Schema> output)
      : Operator(std::move(reads)), writes_(std::move(writes)), output_(std::move(output)) {}

 private:
  std::vector<std::string> writes_;
  std::shared_ptr<arrow::Schema> output_;
};

/// What a generator made of a batch.
struct Generated {
  arrow::ArrayVector columns;  // one per column of writes()
  /// The row that each child comes from, ascending; a row may have none. Null: there are no
  /// children, the columns belong to the rows themselves.
  std::shared_ptr<arrow::Int64Array> parents;
};

/// Adds columns, or replaces rows by children that have all their parent's other columns.
class Generator : public Operator {
 public:
  Kind kind() const final { return Kind::kGenerator; }
  /// The columns it adds, or sets where they are there.
  const arrow::FieldVector& writes() const { return writes_; }
  bool makes_rows() const { return makes_rows_; }
  virtual Result<Generated> Generate(const arrow::RecordBatch& rows,
                                     RowFailures* failures) const = 0;

 protected:
  Generator(std::vector<std::string> reads, arrow::FieldVector writes, bool makes_rows)
      : Operator(std::move(reads)), writes_(std::move(writes)), makes_rows_(makes_rows) {}

 private:
  arrow::FieldVector writes_;
  bool makes_rows_;
};

}  // namespace millrace::op
