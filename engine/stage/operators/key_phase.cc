#include "stage/operators/key_phase.h"

#include <arrow/api.h>

#include <optional>

#include "stage/duplicates.h"
#include "stage/operators/key_index.h"
#include "stage/operators/key_verification.h"
#include "stage/operators/reach.h"
#include "stage/operators/row_drops.h"
#include "stage/sorted_stream.h"

namespace millrace::stage {
namespace {

/// What the stage adds to an index.
struct IndexChange {
  std::shared_ptr<io::Store> store;
  KeyIndexPart part;
};

class KeyPhase {
 public:
  KeyPhase(const OperatorRun& run, const std::vector<OperatorSplit>& splits, size_t instance,
           const GlobalDecisions& before, SpillFolder& spill)
      : run_(run),
        splits_(splits),
        instance_(instance),
        filter_(static_cast<const op::KeyFilter&>(*run.plan.chain->instances()[instance].op)),
        before_(before),
        spill_(spill) {}

  Result<std::unique_ptr<GlobalDecision>> Run() {
    ARROW_ASSIGN_OR_RAISE(summaries_, SummariesOf(run_, splits_, instance_, before_));
    ARROW_RETURN_NOT_OK(OpenIndex());
    ARROW_ASSIGN_OR_RAISE(const auto duplicates, FindDuplicatesOfAll());
    RowDropsPlan plan{run_, splits_, instance_, spill_};
    plan.name_outside = [parts = parts_](int64_t, int64_t part) {
      return "index " + parts[static_cast<size_t>(part)].name;
    };
    plan.has_effect = index_ != nullptr;
    if (change_) {
      plan.commit = [change = *change_] { return PutKeyIndexPart(*change.store, change.part); };
    }
    RowDropsWriter drops(std::move(plan));
    for (Duplicate duplicate;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, duplicates->Next(&duplicate));
      if (!more) return drops.Finish();
      ARROW_RETURN_NOT_OK(drops.Add(
          {duplicate.split, duplicate.position, duplicate.first_split, duplicate.first_position}));
    }
  }

 private:
  // What others have in the index, and a file for what this stage adds.
  Status OpenIndex() {
    const op::KeyFilterOptions& options = filter_.options();
    if (options.index.empty()) return Status::OK();
    const std::string& id = run_.plan.chain->instances()[instance_].id;
    const auto place = run_.plan.indexes.find(id);
    MILLRACE_CHECK(place != run_.plan.indexes.end());
    index_ = place->second;
    std::string name = options.index_as;
    if (name.empty()) name = run_.plan.pipeline + '.' + run_.plan.stage + '.' + id;
    std::string keys = options.nulls_equal ? "" : "not null ";
    for (const std::string& column : filter_.columns()) {
      keys += (&column == &filter_.columns().front() ? "" : ", ") + column;
    }
    ARROW_ASSIGN_OR_RAISE(parts_, ReadKeyIndex(*index_, keys, name));
    if (run_.context.only_committed) return Status::OK();
    return KeyIndexWriter::Open(*index_, keys, name).Value(&index_writer_);
  }

  KnownKeys Known() {
    KnownKeys known;
    for (const KeyIndexPart& part : parts_) known.streams.push_back(KeysOf(*index_, part));
    if (index_writer_ != nullptr) {
      known.on_new = [this](const KeyDigest& digest, int64_t, int64_t) {
        return index_writer_->Add(digest);
      };
    }
    return known;
  }

  Result<std::unique_ptr<SortedStream<Duplicate>>> FindDuplicatesOfAll() {
    std::vector<const CommitRecord*> records;
    for (const CommitRecord& record : summaries_) records.push_back(&record);
    ARROW_ASSIGN_OR_RAISE(auto duplicates,
                          FindDuplicates(
                              run_.place.store(), spill_, records,
                              [this](const std::string& path) { return run_.place.Key(path); },
                              run_.merge_bytes / 2, Known()));
    if (index_writer_ != nullptr) {
      ARROW_ASSIGN_OR_RAISE(KeyIndexPart part, index_writer_->Finish());
      change_ = IndexChange{index_, std::move(part)};
    }
    if (!filter_.options().verify) return duplicates;
    return VerifyDuplicates(run_, splits_, instance_, before_, spill_, *duplicates,
                            run_.merge_bytes / 4);
  }

  const OperatorRun& run_;
  const std::vector<OperatorSplit>& splits_;
  size_t instance_;
  const op::KeyFilter& filter_;
  const GlobalDecisions& before_;
  SpillFolder& spill_;
  std::vector<CommitRecord> summaries_;
  std::shared_ptr<io::Store> index_;
  std::vector<KeyIndexPart> parts_;  // of others
  std::unique_ptr<KeyIndexWriter> index_writer_;
  std::optional<IndexChange> change_;
};

Result<std::vector<KeyOfRow>> DigestsOf(const OperatorRun& run, const op::KeyFilter& filter,
                                        const arrow::RecordBatch& rows) {
  arrow::ArrayVector columns;
  for (const std::string& name : filter.columns()) columns.push_back(rows.GetColumnByName(name));
  ARROW_ASSIGN_OR_RAISE(auto keys, DigestRows(columns, filter.options().nulls_equal));
  const int bits = run.plan.key_digest_bits;
  for (KeyOfRow& key : keys) {
    if (bits < 128) key.digest = {key.digest.high >> (64 - bits), 0};
  }
  return keys;
}

}  // namespace

Result<CommitRecord> SummariseKeys(const OperatorRun& run, const OperatorSplit& split, size_t index,
                                   size_t instance, const GlobalDecisions& before,
                                   const std::atomic<bool>& stop) {
  const auto& filter = static_cast<const op::KeyFilter&>(*run.plan.chain->instances()[instance].op);
  return KeysOfSplit(run, split, index, instance, before, stop,
                     [&](const auto& rows) { return DigestsOf(run, filter, rows); });
}

Result<std::unique_ptr<GlobalDecision>> DecideKeys(const OperatorRun& run,
                                                   const std::vector<OperatorSplit>& splits,
                                                   size_t instance, const GlobalDecisions& before,
                                                   SpillFolder& spill) {
  return KeyPhase(run, splits, instance, before, spill).Run();
}

}  // namespace millrace::stage
