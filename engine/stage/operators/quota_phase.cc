#include "stage/operators/quota_phase.h"

#include <algorithm>
#include <limits>

#include "mix/quota.h"
#include "op/filter/quota_filter.h"
#include "stage/operators/quota_cuts.h"
#include "stage/operators/reach.h"
#include "stage/operators/split_drops.h"

namespace millrace::stage {
namespace {

constexpr op::QuotaCut kAll = {std::numeric_limits<uint64_t>::max(), kNoPosition};

class QuotaDecision : public GlobalDecision {
 public:
  struct Split {
    std::string mask;
    std::vector<op::QuotaCut> cuts;  // per bucket
  };
  QuotaDecision(std::vector<Split> splits, std::vector<int64_t> reached)
      : splits_(std::move(splits)), reached_(std::move(reached)) {}
  std::string MaskOf(size_t split) const override { return splits_[split].mask; }
  Result<std::unique_ptr<SplitDrops>> Open(size_t split) const override {
    return DropByCuts(splits_[split].cuts);
  }
  nlohmann::json Told(size_t split) const override { return ToldCuts(splits_[split].cuts); }
  std::vector<int64_t> BucketRows() const override { return reached_; }

 private:
  std::vector<Split> splits_;
  std::vector<int64_t> reached_;
};

class QuotaPhase {
 public:
  QuotaPhase(const OperatorRun& run, const std::vector<OperatorSplit>& splits, size_t instance,
             const GlobalDecisions& before)
      : run_(run),
        splits_(splits),
        instance_(instance),
        filter_(static_cast<const op::QuotaFilter&>(*run.plan.chain->instances()[instance].op)),
        before_(before),
        buckets_(filter_.buckets().size()) {}

  Result<std::unique_ptr<GlobalDecision>> Run() {
    ARROW_ASSIGN_OR_RAISE(summaries_, SummariesOf(run_, splits_, instance_, before_));
    std::vector<int64_t> reached(buckets_);
    for (const CommitRecord& record : summaries_) {
      for (size_t b = 0; b < buckets_; ++b) reached[b] += record.buckets[b].rows;
    }
    const std::vector<int64_t> drawn = RowsDrawn(filter_, reached);
    std::vector<QuotaDecision::Split> decided;
    if (filter_.options().exact) {
      ARROW_ASSIGN_OR_RAISE(
          const QuotaCuts cuts,
          FindQuotaCuts(reached, drawn, splits_.size(), kCandidatesMax,
                        [this](const KeySink& sink) { return ForEachKey(sink); }));
      decided = ExactCuts(cuts);
    } else {
      decided = ApproximateCuts(reached, drawn);
    }
    return std::make_unique<QuotaDecision>(std::move(decided), std::move(reached));
  }

 private:
  static constexpr int64_t kCandidatesMax = 1 << 16;

  // All rows in buckets: split after split, in each in runs, each of them sorted.
  Status ForEachKey(const KeySink& sink) const {
    for (size_t split = 0; split < splits_.size(); ++split) {
      if (run_.cancelled()) return Status::Cancelled("cancelled; running again resumes");
      const io::DataFile& file = summaries_[split].keys.at(0).file;
      ARROW_ASSIGN_OR_RAISE(const auto keys,
                            KeySummaryReader::Open(run_.place.store(), run_.place.Key(file.path)));
      for (int64_t batch = 0; batch < keys->first_batch(keys->runs()); ++batch) {
        ARROW_ASSIGN_OR_RAISE(const std::vector<Key> read, keys->ReadBatch(batch));
        for (const Key& key : read) {
          if (key.digest.high >= buckets_) {
            return MakeError(ErrorCode::kWorkspaceDamaged,
                             file.path + " names a bucket that is not there",
                             "remove it; the next run makes it anew");
          }
          sink(split, key);
        }
      }
    }
    return Status::OK();
  }

  // What a split keeps of a bucket are the first of its rows by hash: their number tells them.
  std::vector<QuotaDecision::Split> ExactCuts(const QuotaCuts& cuts) const {
    std::vector<QuotaDecision::Split> decided(splits_.size());
    for (size_t split = 0; split < splits_.size(); ++split) {
      for (size_t b = 0; b < buckets_; ++b) {
        decided[split].cuts.push_back(cuts.Of(split, b));
        const int64_t kept = cuts.drawn[split * buckets_ + b];
        const bool all = kept == summaries_[split].buckets[b].rows;
        decided[split].mask += all ? "all " : std::to_string(kept) + ' ';
      }
    }
    return decided;
  }

  std::vector<QuotaDecision::Split> ApproximateCuts(const std::vector<int64_t>& reached,
                                                    const std::vector<int64_t>& drawn) const {
    using Wide = unsigned __int128;
    QuotaDecision::Split same;
    for (size_t b = 0; b < buckets_; ++b) {
      op::QuotaCut& cut = same.cuts.emplace_back(kAll);
      if (drawn[b] < reached[b]) {
        cut = {static_cast<uint64_t>((Wide{1} << 64) * static_cast<Wide>(drawn[b]) /
                                     static_cast<Wide>(reached[b])),
               0};
      }
      same.mask += std::to_string(cut.hash) + ' ';
    }
    return std::vector<QuotaDecision::Split>(splits_.size(), same);
  }

  const OperatorRun& run_;
  const std::vector<OperatorSplit>& splits_;
  size_t instance_;
  const op::QuotaFilter& filter_;
  const GlobalDecisions& before_;
  size_t buckets_;
  std::vector<CommitRecord> summaries_;
};

}  // namespace

std::vector<int64_t> RowsDrawn(const op::QuotaFilter& filter, const std::vector<int64_t>& rows) {
  std::vector<mix::Bucket> buckets;
  for (size_t b = 0; b < rows.size(); ++b) {
    buckets.push_back({filter.buckets()[b].weight, rows[b]});
  }
  return mix::DrawQuota(buckets, filter.options().rows,
                        filter.options().fills ? mix::WhenShort::kFill : mix::WhenShort::kShrink);
}

Result<std::vector<op::QuotaCut>> DecideQuotaOf(const op::QuotaFilter& filter,
                                                const op::Reached& reached) {
  op::RowFailures failures;
  ARROW_ASSIGN_OR_RAISE(const auto of, filter.BucketsOf(*reached.rows, &failures));
  const auto hashes = filter.HashesOf(*reached.rows);
  std::vector<std::vector<std::pair<uint64_t, int64_t>>> rows(filter.buckets().size());
  for (size_t row = 0; row < of.size(); ++row) {
    if (of[row] == op::kNoBucket) continue;
    rows[of[row]].emplace_back(hashes[row], reached.positions->Value(static_cast<int64_t>(row)));
  }
  std::vector<int64_t> counts;
  for (const auto& bucket : rows) counts.push_back(static_cast<int64_t>(bucket.size()));
  const std::vector<int64_t> drawn = RowsDrawn(filter, counts);
  std::vector<op::QuotaCut> cuts(rows.size());
  for (size_t b = 0; b < rows.size(); ++b) {
    std::sort(rows[b].begin(), rows[b].end());
    if (drawn[b] == counts[b]) {
      cuts[b] = kAll;
    } else if (drawn[b] > 0) {
      const auto& [hash, position] = rows[b][static_cast<size_t>(drawn[b] - 1)];
      cuts[b] = {hash, position + 1};
    }
  }
  return cuts;
}

Result<CommitRecord> SummariseQuota(const OperatorRun& run, const OperatorSplit& split,
                                    size_t index, size_t instance, const GlobalDecisions& before,
                                    const std::atomic<bool>& stop) {
  const op::Instance& of = run.plan.chain->instances()[instance];
  const auto& filter = static_cast<const op::QuotaFilter&>(*of.op);
  std::unique_ptr<KeySummaryWriter> writer;
  if (filter.options().exact) {
    const std::string prefix = "keys/" + split.name + '-' + of.id;
    ARROW_ASSIGN_OR_RAISE(
        writer, KeySummaryWriter::Open(run.place.store(), run.place.Key(prefix), &run.pool));
  }
  CommitRecord record;
  record.split_name = split.name;
  record.buckets.resize(filter.buckets().size());
  ARROW_RETURN_NOT_OK(ReachRows(
      run, split, index, instance, before, stop,
      [&](const op::Reached& reached, int64_t base) -> Result<bool> {
        op::RowFailures failures;
        ARROW_ASSIGN_OR_RAISE(const auto buckets, filter.BucketsOf(*reached.rows, &failures));
        const auto hashes = filter.HashesOf(*reached.rows);
        record.rows.read += reached.rows->num_rows();
        for (size_t row = 0; row < buckets.size(); ++row) {
          if (buckets[row] == op::kNoBucket) continue;
          ++record.buckets[buckets[row]].rows;
          if (writer == nullptr) continue;
          const int64_t at = reached.positions->Value(static_cast<int64_t>(row));
          ARROW_RETURN_NOT_OK(writer->Add({buckets[row], hashes[row]}, base + at));
        }
        return true;
      }));
  if (writer == nullptr) return record;
  KeySummary& summary = record.keys.emplace_back();
  summary.column = of.id;
  ARROW_ASSIGN_OR_RAISE(summary.file, writer->Finish());
  summary.file.path = run.place.PathOf(summary.file.path);
  return record;
}

Result<std::unique_ptr<GlobalDecision>> DecideQuota(const OperatorRun& run,
                                                    const std::vector<OperatorSplit>& splits,
                                                    size_t instance,
                                                    const GlobalDecisions& before) {
  return QuotaPhase(run, splits, instance, before).Run();
}

}  // namespace millrace::stage
