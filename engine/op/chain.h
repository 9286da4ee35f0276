// Instances of operators one after the other, over a batch of rows: rows in, rows and rejects out,
// and each row accounted for. The kind contracts are held here: each step is done by the chain with
// what the operator of that kind gives it.
//
// Thread-safety: immutable after Make; Apply may be called from any thread. What it gives for a row
// does not depend on the batch it came in.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "op/operator.h"
#include "op/operator_table.h"
#include "op/value_histogram.h"

namespace millrace::op {

class QuotaFilter;

/// More instances do not fit into one stage.
inline constexpr size_t kInstancesMax = 64;

struct Instance {
  std::string id;
  const OperatorType* type = nullptr;
  std::shared_ptr<const Operator> op;  // bound to the columns that reach it
  CommonParameters common;
};

/// The columns on their way through a chain, followed while it is planned.
class ChainColumns {
 public:
  /// `stored`: the columns of the rows that come in.
  explicit ChainColumns(const arrow::Schema& stored);
  /// What reaches the next instance, by working name.
  const std::shared_ptr<arrow::Schema>& working() const { return working_; }
  /// REQUIRES: the instance is bound to working().
  void Add(const Instance& instance);
  /// The columns of the rows that come out.
  std::shared_ptr<arrow::Schema> Stored() const;

 private:
  std::shared_ptr<arrow::Schema> working_;
  bool tags_ = false, refined_ = false, generated_ = false;
};

/// What an instance did with the rows that reached it.
struct InstanceRows {
  /// Source (of the row id), rule, column.
  using Reason = std::tuple<std::string, std::string, std::string>;
  int64_t reached = 0, dropped = 0, tagged = 0, refined = 0;
  int64_t expanded = 0, derived = 0;       // parents that were replaced, children made
  std::map<Reason, int64_t> reasons;       // of the dropped
  std::vector<ValueHistogram> histograms;  // of a filter: one for each of its Measures()
  void Add(const InstanceRows& other);
};

/// Up to where rows of a bucket are drawn: those with a smaller hash, and with an equal one those
/// before the position.
struct QuotaCut {
  uint64_t hash = 0;
  int64_t position = 0;
};

/// What was decided about a batch for one global instance, by position of the rows in the batch.
struct GlobalDrops {
  std::vector<int64_t> positions;                      // ascending; each reaches the instance
  std::vector<std::string> thresholds;                 // one for each of them, or none
  std::vector<std::string> values;                     // likewise: what was measured
  int64_t from = std::numeric_limits<int64_t>::max();  // all that reach it from here on, too
  std::vector<QuotaCut> cuts;                          // of an output mixture: one per bucket
};

/// The rows of a batch that reach an instance.
struct Reached {
  std::shared_ptr<arrow::RecordBatch> rows;      // of the working columns there
  std::shared_ptr<arrow::Int64Array> positions;  // of each in the batch that came in
};

struct ChainResult {
  std::shared_ptr<arrow::RecordBatch> rows;  // of stored()
  /// Of rejects(), by position of the row they came from; null when none are to be kept.
  std::shared_ptr<arrow::RecordBatch> rejects;
  std::vector<InstanceRows> instances;
  std::vector<uint8_t> buckets;  // with an output mixture: of each row
};

class Chain {
 public:
  /// `input`: the stored columns of the rows that come in.
  static Result<std::shared_ptr<const Chain>> Make(std::shared_ptr<arrow::Schema> input,
                                                   std::vector<Instance> instances);

  const std::vector<Instance>& instances() const { return instances_; }
  const std::shared_ptr<arrow::Schema>& input() const { return input_; }
  const std::shared_ptr<arrow::Schema>& stored() const { return stored_; }
  /// The columns that reach an instance, by working name; behind the last one those that leave it.
  const std::shared_ptr<arrow::Schema>& working(size_t instance) const {
    return working_[instance];
  }
  /// position int64 (of the row in the batch that came in), full bool (whether the instance keeps
  /// the row as a whole), source, instance, rule, column, value, threshold, message,
  /// `__fdf__/row_id`, and `__fdf__/scores` where anything measures.
  const std::shared_ptr<arrow::Schema>& rejects() const { return rejects_; }

  /// The instances that the stage decides for over all rows, by position in instances().
  const std::vector<size_t>& globals() const { return globals_; }
  /// How many rows Apply and Reach are to get at once, counted from the first of a split, because
  /// an instance asks for it; 0: any number.
  int64_t batch_rows() const;
  /// What the rows are to be ordered by when they leave; null for the order they came in.
  const Orderer* order() const;
  /// The output mixture; null where there is none. Behind it comes nothing but order().
  const QuotaFilter* quota() const;
  /// The stored columns that matter for which rows reach an instance and for what it reads of
  /// them. Others may be given as nulls to Reach.
  std::vector<std::string> ColumnsFor(size_t instance) const;

  /// `drops`: one entry per global instance; none of them may be missing.
  Result<ChainResult> Apply(const arrow::RecordBatch& stored,
                            const std::vector<GlobalDrops>& drops = {}) const;
  /// As Apply, with the working rows before the first instance and behind each of them.
  Result<ChainResult> Trace(const arrow::RecordBatch& stored, const std::vector<GlobalDrops>& drops,
                            arrow::RecordBatchVector* steps) const;
  /// `drops`: of the global instances before it.
  Result<Reached> Reach(const arrow::RecordBatch& stored, size_t instance,
                        const std::vector<GlobalDrops>& drops = {}) const;

 private:
  Chain() = default;

  std::vector<Instance> instances_;
  std::vector<size_t> globals_;
  std::shared_ptr<arrow::Schema> input_, stored_, rejects_;
  std::vector<std::shared_ptr<arrow::Schema>> working_;  // before each instance, and at the end
};

}  // namespace millrace::op
