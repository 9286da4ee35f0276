#include "stage/operators/near_phase.h"

#include <compare>

#include "stage/duplicates.h"
#include "stage/operators/near_index.h"
#include "stage/operators/reach.h"
#include "stage/operators/row_drops.h"
#include "stage/sorted_stream.h"

namespace millrace::stage {
namespace {

constexpr int64_t kRowsPerLook = 1 << 16;  // between two looks at whether the run was cancelled

struct Place {
  int64_t split = 0, position = 0;
  auto operator<=>(const Place&) const = default;
};

/// The first row of a hash.
struct HashedRow {
  Place row;
  uint64_t hash = 0;
  auto operator<=>(const HashedRow&) const = default;
};

/// A row with the hash of an earlier one.
struct RepeatedRow {
  Place first, row;
  auto operator<=>(const RepeatedRow&) const = default;
};

/// A row, and the earlier one that it is near to and that is kept.
struct NearRow {
  Place row, kept;
  int64_t distance = 0;
  auto operator<=>(const NearRow&) const = default;
};

/// A stream with a look at its next value.
template <typename T>
class Ahead {
 public:
  explicit Ahead(std::unique_ptr<SortedStream<T>> stream) : stream_(std::move(stream)) {}
  Status Advance() { return stream_->Next(&value_).Value(&there_); }
  bool there() const { return there_; }
  const T& value() const { return value_; }

 private:
  std::unique_ptr<SortedStream<T>> stream_;
  T value_;
  bool there_ = false;
};

class NearPhase {
 public:
  NearPhase(const OperatorRun& run, const std::vector<OperatorSplit>& splits, size_t instance,
            const GlobalDecisions& before, SpillFolder& spill)
      : run_(run),
        splits_(splits),
        instance_(instance),
        filter_(static_cast<const op::NearFilter&>(*run.plan.chain->instances()[instance].op)),
        before_(before),
        spill_(spill),
        repeated_(spill, run.merge_bytes / 8),
        near_(spill, run.merge_bytes / 8) {}

  Result<std::unique_ptr<GlobalDecision>> Run() {
    ARROW_ASSIGN_OR_RAISE(auto firsts, FindFirsts());
    while (firsts != nullptr) {
      ARROW_ASSIGN_OR_RAISE(firsts, Pass(*firsts));
    }
    SpillingSorter<NearRow> dropped(spill_, run_.merge_bytes / 4);
    ARROW_RETURN_NOT_OK(Join(&dropped));
    ARROW_ASSIGN_OR_RAISE(const auto rows, dropped.Finish(kMergedAtOnce));
    RowDropsWriter drops(RowDropsPlan{run_, splits_, instance_, spill_});
    for (NearRow row;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, rows->Next(&row));
      if (!more) return drops.Finish();
      ARROW_RETURN_NOT_OK(drops.Add(
          {row.row.split, row.row.position, row.kept.split, row.kept.position, row.distance}));
    }
  }

 private:
  // Each hash with its first row, by row; further rows of a hash go to repeated_.
  Result<std::unique_ptr<SortedStream<HashedRow>>> FindFirsts() {
    ARROW_ASSIGN_OR_RAISE(const auto summaries, SummariesOf(run_, splits_, instance_, before_));
    std::vector<const CommitRecord*> records;
    for (const CommitRecord& record : summaries) records.push_back(&record);
    SpillingSorter<HashedRow> firsts(spill_, run_.merge_bytes / 8);
    KnownKeys known;
    known.on_new = [&](const KeyDigest& digest, int64_t split, int64_t position) {
      return firsts.Add({{split, position}, digest.high});
    };
    ARROW_ASSIGN_OR_RAISE(const auto duplicates,
                          FindDuplicates(
                              run_.place.store(), spill_, records,
                              [this](const std::string& path) { return run_.place.Key(path); },
                              run_.merge_bytes / 4, known));
    for (Duplicate row;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, duplicates->Next(&row));
      if (!more) return firsts.Finish(kMergedAtOnce);
      ARROW_RETURN_NOT_OK(
          repeated_.Add({{row.first_split, row.first_position}, {row.split, row.position}}));
    }
  }

  // The rows that are near to none of those kept, where there were more than fit into memory: they
  // have been compared with all that were kept, which come before them. Null: none are left.
  Result<std::unique_ptr<SortedStream<HashedRow>>> Pass(SortedStream<HashedRow>& rows) {
    NearIndex index(filter_.distance_max(), NearIndexBytes());
    std::vector<Place> kept;
    std::unique_ptr<SpillWriter> left;
    HashedRow row;
    for (int64_t count = 0;; ++count) {
      if (count % kRowsPerLook == 0 && run_.cancelled()) {
        return Status::Cancelled("cancelled; running again resumes");
      }
      ARROW_ASSIGN_OR_RAISE(const bool more, rows.Next(&row));
      if (!more) break;
      if (const auto match = index.First(row.hash)) {
        ARROW_RETURN_NOT_OK(near_.Add({row.row, kept[match->at], match->distance}));
      } else if (!index.full()) {
        index.Keep(row.hash);
        kept.push_back(row.row);
      } else {
        if (left == nullptr) {
          ARROW_ASSIGN_OR_RAISE(left, spill_.Create());
        }
        ARROW_RETURN_NOT_OK(left->Write(&row, sizeof row));
      }
    }
    if (left == nullptr) return nullptr;
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<SpillFile> file, left->Finish());
    ARROW_ASSIGN_OR_RAISE(auto reader, SpillReader::Open(std::move(file)));
    return std::make_unique<SpilledStream<HashedRow>>(std::move(reader));
  }

  int64_t NearIndexBytes() const {
    if (run_.plan.near_kept_bytes > 0) return run_.plan.near_kept_bytes;
    return run_.merge_bytes / 3;  // beside it stand the places of the kept
  }

  // What repeats a row that is dropped is dropped for the same kept row.
  Status Join(SpillingSorter<NearRow>* dropped) {
    ARROW_ASSIGN_OR_RAISE(auto near_rows, near_.Finish(kMergedAtOnce));
    ARROW_ASSIGN_OR_RAISE(const auto repeated, repeated_.Finish(kMergedAtOnce));
    Ahead<NearRow> near(std::move(near_rows));
    ARROW_RETURN_NOT_OK(near.Advance());
    NearRow last;
    bool any = false;
    for (RepeatedRow row;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, repeated->Next(&row));
      while (near.there() && (!more || near.value().row <= row.first)) {
        last = near.value();
        ARROW_RETURN_NOT_OK(dropped->Add(last));
        any = true;
        ARROW_RETURN_NOT_OK(near.Advance());
      }
      if (!more) return Status::OK();
      const bool first_is_dropped = any && last.row == row.first;
      ARROW_RETURN_NOT_OK(dropped->Add({row.row, first_is_dropped ? last.kept : row.first,
                                        first_is_dropped ? last.distance : 0}));
    }
  }

  const OperatorRun& run_;
  const std::vector<OperatorSplit>& splits_;
  size_t instance_;
  const op::NearFilter& filter_;
  const GlobalDecisions& before_;
  SpillFolder& spill_;
  SpillingSorter<RepeatedRow> repeated_;
  SpillingSorter<NearRow> near_;
};

Result<std::vector<KeyOfRow>> KeysOf(const op::NearFilter& filter, const arrow::RecordBatch& rows) {
  ARROW_ASSIGN_OR_RAISE(const auto hashes, filter.HashesOf(rows));
  std::vector<KeyOfRow> keys;
  for (size_t row = 0; row < hashes.size(); ++row) {
    if (hashes[row]) keys.push_back({{*hashes[row], 0}, static_cast<int64_t>(row)});
  }
  return keys;
}

}  // namespace

Result<CommitRecord> SummariseNear(const OperatorRun& run, const OperatorSplit& split, size_t index,
                                   size_t instance, const GlobalDecisions& before,
                                   const std::atomic<bool>& stop) {
  const auto& filter =
      static_cast<const op::NearFilter&>(*run.plan.chain->instances()[instance].op);
  return KeysOfSplit(run, split, index, instance, before, stop,
                     [&](const auto& rows) { return KeysOf(filter, rows); });
}

Result<std::unique_ptr<GlobalDecision>> DecideNear(const OperatorRun& run,
                                                   const std::vector<OperatorSplit>& splits,
                                                   size_t instance, const GlobalDecisions& before,
                                                   SpillFolder& spill) {
  return NearPhase(run, splits, instance, before, spill).Run();
}

}  // namespace millrace::stage
