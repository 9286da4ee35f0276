// One batch on its way through a chain. Internal to this room.
// Thread-safety: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "op/chain.h"
#include "op/reject_rows.h"

namespace millrace::op {

class ChainRun {
 public:
  /// `rows`: the working form of `stored`.
  ChainRun(const Chain& chain, std::shared_ptr<arrow::RecordBatch> rows,
           const arrow::RecordBatch& stored, const std::vector<GlobalDrops>& drops);

  /// `after`: the working columns behind the instance.
  Status Step(size_t instance, const std::shared_ptr<arrow::Schema>& after);
  Reached Here() const;
  Result<ChainResult> Finish();

 private:
  // Beside each row, and filtered with it: its position in the batch that came in, which instances
  // have tagged, refined or generated it (bits), and the lists of marks it came with.
  enum Beside { kPosition, kTagged, kRefined, kGenerated, kLists };

  /// A broken contract of the instance's kind, or of what it says of rows that failed.
  Status Owed(const std::string& fault, const RowFailures& failures) const;
  Status Annotate(const Annotator& op, const std::shared_ptr<arrow::Schema>& after);
  Status Judge(const Filter& op);
  void CountMeasures(const Filter& op, const arrow::BooleanArray& keep,
                     const std::vector<bool>& failed);
  Status Drop(const GlobalFilter& op);
  Status Draw(const QuotaFilter& op);
  /// Drops the rows at the indices, with thresholds.
  Status DropAt(const std::vector<int64_t>& rows, const Reason& reason,
                const std::vector<std::string>& thresholds);
  Status Refine(const Refiner& op, const std::shared_ptr<arrow::Schema>& after);
  Status Generate(const Generator& op, const std::shared_ptr<arrow::Schema>& after);
  Status MakeChildren(const Generated& made, const std::shared_ptr<arrow::RecordBatch>& parents,
                      const std::shared_ptr<arrow::Schema>& after);
  Status RejectFailures(const RowFailures& failures);
  Status Keep(const std::shared_ptr<arrow::BooleanArray>& keep);
  /// Sets the instance's bit where `where` is true; everywhere when it is null.
  Status Mark(Beside column, const arrow::BooleanArray* where, int64_t* rows);
  Result<std::shared_ptr<arrow::Array>> MarkList(std::string_view column, Beside bits) const;

  const Chain& chain_;
  const std::vector<GlobalDrops>& drops_;  // of global instances
  size_t next_drops_ = 0;
  size_t at_ = 0;  // the instance whose step it is
  std::shared_ptr<arrow::RecordBatch> rows_, beside_;
  RejectRows rejects_;
  std::vector<InstanceRows> counts_;
  std::vector<uint8_t> buckets_;  // behind an output mixture
};

}  // namespace millrace::op
