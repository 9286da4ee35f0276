#include "stage/operators/key_verification.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <algorithm>
#include <compare>

#include "stage/key_value.h"
#include "stage/operators/reach.h"

namespace millrace::stage {
namespace {

/// A row whose value is asked for, with the first row of its digest.
struct WantedRow {
  int64_t split = 0, position = 0;
  int64_t first_split = 0, first_position = 0;
  auto operator<=>(const WantedRow&) const = default;
};

/// The same, digest by digest, and where its value lies in the file of values.
struct ValuedRow {
  int64_t first_split = 0, first_position = 0;
  int64_t split = 0, position = 0;
  int64_t offset = 0, bytes = 0;
  auto operator<=>(const ValuedRow&) const = default;
};

class Verification {
 public:
  Verification(const OperatorRun& run, const std::vector<OperatorSplit>& splits, size_t instance,
               const GlobalDecisions& before, SpillFolder& spill, int64_t bytes_max)
      : run_(run),
        splits_(splits),
        instance_(instance),
        filter_(static_cast<const op::KeyFilter&>(*run.plan.chain->instances()[instance].op)),
        before_(before),
        spill_(spill),
        valued_(spill, bytes_max / 3),
        verified_(spill, bytes_max / 3),
        bytes_max_(bytes_max) {}

  Result<std::unique_ptr<SortedStream<Duplicate>>> Run(SortedStream<Duplicate>& found) {
    ARROW_RETURN_NOT_OK(WantAll(found));
    ARROW_RETURN_NOT_OK(ReadValues());
    if (values_ != nullptr) ARROW_RETURN_NOT_OK(Compare());
    return verified_.Finish(kMergedAtOnce);
  }

 private:
  Status WantAll(SortedStream<Duplicate>& found) {
    SpillingSorter<WantedRow> wanted(spill_, bytes_max_ / 3);
    Duplicate row;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, found.Next(&row));
      if (!more) break;
      if (row.first_split < 0) {
        ARROW_RETURN_NOT_OK(verified_.Add(row));
        continue;
      }
      ARROW_RETURN_NOT_OK(
          wanted.Add({row.split, row.position, row.first_split, row.first_position}));
      ARROW_RETURN_NOT_OK(
          wanted.Add({row.first_split, row.first_position, row.first_split, row.first_position}));
    }
    ARROW_ASSIGN_OR_RAISE(wanted_, wanted.Finish(kMergedAtOnce));
    return Advance();
  }

  // To the next row; a first one is there for every row that repeats it.
  Status Advance() {
    const WantedRow last = next_;
    do {
      ARROW_ASSIGN_OR_RAISE(more_, wanted_->Next(&next_));
    } while (more_ && next_ == last);
    return Status::OK();
  }

  Status ReadValues() {
    std::unique_ptr<SpillWriter> writer;
    if (more_) {
      ARROW_ASSIGN_OR_RAISE(writer, spill_.Create());
    }
    const std::atomic<bool> never{false};
    while (more_) {
      const int64_t split = next_.split;
      const auto index = static_cast<size_t>(split);
      ARROW_RETURN_NOT_OK(ReachRows(run_, splits_[index], index, instance_, before_, never,
                                    [&](const op::Reached& reached, int64_t base) -> Result<bool> {
                                      ARROW_RETURN_NOT_OK(
                                          AddValues(reached, split, base, writer.get()));
                                      return more_ && next_.split == split;
                                    }));
      if (more_ && next_.split == split) {
        return MakeError(ErrorCode::kBug, "a row that was found by its digest is not there");
      }
    }
    return writer == nullptr ? Status::OK() : writer->Finish().Value(&values_);
  }

  Status AddValues(const op::Reached& reached, int64_t split, int64_t base, SpillWriter* writer) {
    arrow::ArrayVector columns;
    for (const std::string& name : filter_.columns()) {
      columns.push_back(reached.rows->GetColumnByName(name));
    }
    std::string value;
    for (int64_t row = 0; row < reached.rows->num_rows(); ++row) {
      if (!more_ || next_.split != split) break;
      if (base + reached.positions->Value(row) != next_.position) continue;
      value.clear();
      ARROW_RETURN_NOT_OK(AppendKeyValues(columns, row, &value));
      ARROW_RETURN_NOT_OK(writer->Write(value.data(), value.size()));
      const auto bytes = static_cast<int64_t>(value.size());
      ARROW_RETURN_NOT_OK(valued_.Add(
          {next_.first_split, next_.first_position, next_.split, next_.position, written_, bytes}));
      written_ += bytes;
      ARROW_RETURN_NOT_OK(Advance());
    }
    return Status::OK();
  }

  // Of each digest the values that there are, each with the first row that has it.
  Status Compare() {
    struct Known {
      ValuedRow row;
      std::string value;
    };
    ARROW_ASSIGN_OR_RAISE(const auto input, values_->store().OpenForRead(values_->key()));
    ARROW_ASSIGN_OR_RAISE(const auto rows, valued_.Finish(kMergedAtOnce));
    std::vector<Known> known;
    ValuedRow row;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, rows->Next(&row));
      if (!more) return Status::OK();
      if (!known.empty() && (known.front().row.first_split != row.first_split ||
                             known.front().row.first_position != row.first_position)) {
        known.clear();
      }
      std::string value(static_cast<size_t>(row.bytes), 0);
      ARROW_ASSIGN_OR_RAISE(const int64_t read, input->ReadAt(row.offset, row.bytes, value.data()));
      if (read != row.bytes) {
        return MakeError(ErrorCode::kWorkspaceDamaged, "a spilled file of values was cut");
      }
      const auto same = std::find_if(known.begin(), known.end(),
                                     [&](const Known& one) { return one.value == value; });
      if (same == known.end()) {
        known.push_back({row, std::move(value)});
        continue;
      }
      Duplicate duplicate;
      duplicate.split = static_cast<int32_t>(row.split);
      duplicate.position = row.position;
      duplicate.first_split = static_cast<int32_t>(same->row.split);
      duplicate.first_position = same->row.position;
      ARROW_RETURN_NOT_OK(verified_.Add(duplicate));
    }
  }

  const OperatorRun& run_;
  const std::vector<OperatorSplit>& splits_;
  size_t instance_;
  const op::KeyFilter& filter_;
  const GlobalDecisions& before_;
  SpillFolder& spill_;
  std::unique_ptr<SortedStream<WantedRow>> wanted_;
  WantedRow next_{-1, -1, -1, -1};
  bool more_ = false;
  SpillingSorter<ValuedRow> valued_;
  SpillingSorter<Duplicate> verified_;
  std::shared_ptr<SpillFile> values_;
  int64_t written_ = 0;
  int64_t bytes_max_;
};

}  // namespace

Result<std::unique_ptr<SortedStream<Duplicate>>> VerifyDuplicates(
    const OperatorRun& run, const std::vector<OperatorSplit>& splits, size_t instance,
    const GlobalDecisions& before, SpillFolder& spill, SortedStream<Duplicate>& found,
    int64_t bytes_max) {
  return Verification(run, splits, instance, before, spill, bytes_max).Run(found);
}

}  // namespace millrace::stage
