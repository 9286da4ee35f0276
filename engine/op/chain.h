// Instances of operators one after the other, over a batch of rows: rows in, rows and rejects out,
// and each row accounted for. The kind contracts are held here: each step is done by the chain with
// what the operator of that kind gives it.
//
// Thread-safety: immutable after Make; Apply may be called from any thread. What it gives for a row
// does not depend on the batch it came in.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "op/operator.h"
#include "op/operator_table.h"

namespace millrace::op {

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
  int64_t expanded = 0, derived = 0;  // parents that were replaced, children made
  std::map<Reason, int64_t> reasons;  // of the dropped
  void Add(const InstanceRows& other);
};

struct ChainResult {
  std::shared_ptr<arrow::RecordBatch> rows;  // of stored()
  /// Of rejects(), by position of the row they came from; null when none are to be kept.
  std::shared_ptr<arrow::RecordBatch> rejects;
  std::vector<InstanceRows> instances;
};

class Chain {
 public:
  /// `input`: the stored columns of the rows that come in.
  static Result<std::shared_ptr<const Chain>> Make(std::shared_ptr<arrow::Schema> input,
                                                   std::vector<Instance> instances);

  const std::vector<Instance>& instances() const { return instances_; }
  const std::shared_ptr<arrow::Schema>& input() const { return input_; }
  const std::shared_ptr<arrow::Schema>& stored() const { return stored_; }
  /// position int64 (of the row in the batch that came in), full bool (whether the instance keeps
  /// the row as a whole), source, instance, rule, column, value, threshold, message,
  /// `__fdf__/row_id`, and `__fdf__/scores` where anything measures.
  const std::shared_ptr<arrow::Schema>& rejects() const { return rejects_; }

  Result<ChainResult> Apply(const arrow::RecordBatch& stored) const;

 private:
  Chain() = default;

  std::vector<Instance> instances_;
  std::shared_ptr<arrow::Schema> input_, stored_, rejects_;
  std::vector<std::shared_ptr<arrow::Schema>> working_;  // before each instance, and at the end
};

}  // namespace millrace::op
