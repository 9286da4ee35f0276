#include "stage/operators/key_phase.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <compare>
#include <optional>

#include "base/reserved_columns.h"
#include "base/sha256.h"
#include "stage/duplicates.h"
#include "stage/identity.h"
#include "stage/key_summary.h"
#include "stage/operators/key_index.h"
#include "stage/operators/key_verification.h"
#include "stage/operators/reach.h"
#include "stage/operators/split_drops.h"
#include "stage/operators/split_rows.h"
#include "stage/ordered_queue.h"
#include "stage/sorted_stream.h"

namespace millrace::stage {
namespace {

constexpr size_t kFanIn = 64;

/// A row that is dropped, by the row that it repeats.
struct FirstEntry {
  int64_t first_split = 0, first_position = 0;
  int64_t split = 0, position = 0;
  auto operator<=>(const FirstEntry&) const = default;
};

struct SplitMask {
  std::string mask;                     // "" without drops
  int64_t begin = 0, rows_dropped = 0;  // its entries in the file of DropEntry
};

/// What the stage adds to an index.
struct IndexChange {
  std::shared_ptr<io::Store> store;
  KeyIndexPart part;
};

class KeyDecision : public GlobalDecision {
 public:
  /// `drops`: of all splits, one after the other; null when nothing is dropped.
  KeyDecision(std::vector<SplitMask> masks, std::shared_ptr<SpillFile> drops,
              std::shared_ptr<SpillFile> ids, bool has_index, std::optional<IndexChange> change)
      : masks_(std::move(masks)),
        drops_(std::move(drops)),
        ids_(std::move(ids)),
        has_index_(has_index),
        change_(std::move(change)) {}
  Status Commit() const override {
    return change_ ? PutKeyIndexPart(*change_->store, change_->part) : Status::OK();
  }
  // Of an index what it dropped: more that it knows, and that is not here, changes nothing.
  std::string Effect() const override {
    if (!has_index_) return "";
    Sha256 hash;
    for (const SplitMask& split : masks_) hash.UpdateField(split.mask);
    return FinishIdentity(hash);
  }
  std::string MaskOf(size_t split) const override { return masks_[split].mask; }
  Result<std::unique_ptr<SplitDrops>> Open(size_t split) const override {
    return DropListed(Listed(split));
  }
  nlohmann::json Told(size_t split) const override { return ToldListed(Listed(split)); }

 private:
  ListedDrops Listed(size_t split) const {
    return {drops_, ids_, masks_[split].begin, masks_[split].rows_dropped};
  }

  std::vector<SplitMask> masks_;
  std::shared_ptr<SpillFile> drops_, ids_;
  bool has_index_;
  std::optional<IndexChange> change_;
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
        spill_(spill),
        lists_(run.context.perform ? SharedSpill(run) : spill) {}

  Result<std::unique_ptr<const GlobalDecision>> Run() {
    ARROW_RETURN_NOT_OK(SummariseAll());
    ARROW_RETURN_NOT_OK(OpenIndex());
    ARROW_RETURN_NOT_OK(FindFirsts());
    std::shared_ptr<SpillFile> ids, drops;
    ARROW_RETURN_NOT_OK(NameFirsts(&ids));
    ARROW_RETURN_NOT_OK(DivideBySplit(&drops));
    return std::make_unique<KeyDecision>(std::move(masks_), std::move(drops), std::move(ids),
                                         index_ != nullptr, std::move(change_));
  }

 private:
  bool NamesFirsts() const {
    return run_.plan.chain->instances()[instance_].common.rejects != op::RejectDetail::kCount;
  }

  Status SummariseAll() {
    summaries_.resize(splits_.size());
    size_t failed = 0;
    return RunInOrder(
        splits_.size(), run_.AtOnce(run_.active_splits),
        [this](size_t index, const std::atomic<bool>& stop) {
          return SummaryOf(run_, splits_[index], index, instance_, before_, stop)
              .Value(&summaries_[index]);
        },
        &failed);
  }

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
      known.on_new = [this](const KeyDigest& digest) { return index_writer_->Add(digest); };
    }
    return known;
  }

  // A row of a split, or what an index knows.
  std::string NameOfFirst(int64_t split, int64_t position) const {
    return split >= 0 ? splits_[static_cast<size_t>(split)].id
                      : "index " + parts_[static_cast<size_t>(position)].name;
  }

  // The duplicates by the row they repeat, and what tells the drops of each split apart.
  Status FindFirsts() {
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
    if (filter_.options().verify) {
      ARROW_ASSIGN_OR_RAISE(duplicates, VerifyDuplicates(run_, splits_, instance_, before_, spill_,
                                                         *duplicates, run_.merge_bytes / 4));
    }
    SpillingSorter<FirstEntry> by_first(spill_, run_.merge_bytes / 4);
    masks_.resize(splits_.size());
    Sha256 hash;
    int32_t split = -1;
    const auto finish_split = [&] {
      if (split >= 0) masks_[static_cast<size_t>(split)].mask = FinishIdentity(hash);
      hash = Sha256();
    };
    Duplicate duplicate;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, duplicates->Next(&duplicate));
      if (!more) break;
      if (duplicate.split != split) finish_split();
      split = duplicate.split;
      hash.UpdateField(std::to_string(duplicate.position));
      hash.UpdateField(NameOfFirst(duplicate.first_split, duplicate.first_position));
      hash.UpdateField(duplicate.first_split < 0 ? "" : std::to_string(duplicate.first_position));
      ARROW_RETURN_NOT_OK(by_first.Add(
          {duplicate.first_split, duplicate.first_position, duplicate.split, duplicate.position}));
    }
    finish_split();
    return by_first.Finish(kFanIn).Value(&firsts_);
  }

  // Reads the row ids of the rows that are repeated: each split once, in order.
  Status NameFirsts(std::shared_ptr<SpillFile>* ids) {
    drops_ = std::make_unique<SpillingSorter<DropEntry>>(spill_, run_.merge_bytes / 4);
    std::unique_ptr<SpillWriter> writer;
    std::unique_ptr<SplitReader> rows;
    std::shared_ptr<arrow::RecordBatch> batch;
    int64_t split = -1, batch_begin = 0, written = 0;
    FirstEntry entry, last{-2, -1, 0, 0};
    int64_t id_offset = 0, id_bytes = 0;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, firsts_->Next(&entry));
      if (!more) break;
      const bool same =
          entry.first_split == last.first_split && entry.first_position == last.first_position;
      last = entry;
      if (!same && NamesFirsts()) {
        if (entry.first_split >= 0 && entry.first_split != split) {
          split = entry.first_split;
          ARROW_ASSIGN_OR_RAISE(rows, OpenRowIds(static_cast<size_t>(split)));
          batch.reset();
          batch_begin = 0;
        }
        while (entry.first_split >= 0 &&
               (batch == nullptr || entry.first_position >= batch_begin + batch->num_rows())) {
          if (batch != nullptr) batch_begin += batch->num_rows();
          ARROW_ASSIGN_OR_RAISE(SplitBatch read, rows->Next());
          batch = std::move(read.rows);
          MILLRACE_CHECK(batch != nullptr);
        }
        std::string id;
        if (entry.first_split < 0) {
          id = NameOfFirst(entry.first_split, entry.first_position);
        } else {
          const auto& column = static_cast<const arrow::StringArray&>(*batch->column(0));
          id = column.GetView(entry.first_position - batch_begin);
        }
        if (writer == nullptr) {
          ARROW_ASSIGN_OR_RAISE(writer, lists_.Create());
        }
        ARROW_RETURN_NOT_OK(writer->Write(id.data(), id.size()));
        id_offset = written;
        id_bytes = static_cast<int64_t>(id.size());
        written += id_bytes;
      }
      ARROW_RETURN_NOT_OK(drops_->Add({entry.split, entry.position, id_offset, id_bytes}));
    }
    if (writer == nullptr) return Status::OK();
    return writer->Finish().Value(ids);
  }

  Result<std::unique_ptr<SplitReader>> OpenRowIds(size_t split) const {
    const std::string column(kRowIdColumn);
    return OpenSplit(run_.place.store(), run_.plan, splits_[split],
                     arrow::schema({run_.plan.chain->input()->GetFieldByName(column)}));
  }

  Status DivideBySplit(std::shared_ptr<SpillFile>* file) {
    ARROW_ASSIGN_OR_RAISE(const auto drops, drops_->Finish(kFanIn));
    std::unique_ptr<SpillWriter> writer;
    DropEntry entry;
    for (int64_t written = 0;; ++written) {
      ARROW_ASSIGN_OR_RAISE(const bool more, drops->Next(&entry));
      if (!more) break;
      if (writer == nullptr) {
        ARROW_ASSIGN_OR_RAISE(writer, lists_.Create());
      }
      SplitMask& mask = masks_[static_cast<size_t>(entry.split)];
      if (mask.rows_dropped++ == 0) mask.begin = written;
      ARROW_RETURN_NOT_OK(writer->Write(&entry, sizeof entry));
    }
    return writer == nullptr ? Status::OK() : writer->Finish().Value(file);
  }

  const OperatorRun& run_;
  const std::vector<OperatorSplit>& splits_;
  size_t instance_;
  const op::KeyFilter& filter_;
  const GlobalDecisions& before_;
  SpillFolder& spill_;
  SpillFolder lists_;  // what is read when the splits are applied, perhaps by other processes
  std::vector<CommitRecord> summaries_;
  std::shared_ptr<io::Store> index_;
  std::vector<KeyIndexPart> parts_;  // of others
  std::unique_ptr<KeyIndexWriter> index_writer_;
  std::optional<IndexChange> change_;
  std::vector<SplitMask> masks_;
  std::unique_ptr<SortedStream<FirstEntry>> firsts_;
  std::unique_ptr<SpillingSorter<DropEntry>> drops_;
};

KeyDigest Cut(const OperatorRun& run, const KeyDigest& digest) {
  const int bits = run.plan.key_digest_bits;
  return bits >= 128 ? digest : KeyDigest{digest.high >> (64 - bits), 0};
}

}  // namespace

Result<CommitRecord> SummariseKeys(const OperatorRun& run, const OperatorSplit& split, size_t index,
                                   size_t instance, const GlobalDecisions& before,
                                   const std::atomic<bool>& stop) {
  const op::Instance& of = run.plan.chain->instances()[instance];
  const auto& filter = static_cast<const op::KeyFilter&>(*of.op);
  const std::string prefix = "keys/" + split.name + '-' + of.id;
  ARROW_ASSIGN_OR_RAISE(
      const auto writer,
      KeySummaryWriter::Open(run.place.store(), run.place.Key(prefix), &run.pool));
  CommitRecord record;
  record.split_name = split.name;
  ARROW_RETURN_NOT_OK(ReachRows(
      run, split, index, instance, before, stop,
      [&](const op::Reached& reached, int64_t base) -> Result<bool> {
        arrow::ArrayVector columns;
        for (const std::string& name : filter.columns()) {
          columns.push_back(reached.rows->GetColumnByName(name));
        }
        ARROW_ASSIGN_OR_RAISE(const auto keys, DigestRows(columns, filter.options().nulls_equal));
        for (const KeyOfRow& key : keys) {
          ARROW_RETURN_NOT_OK(
              writer->Add(Cut(run, key.digest), base + reached.positions->Value(key.row)));
        }
        record.rows.read += reached.rows->num_rows();
        return true;
      }));
  KeySummary& summary = record.keys.emplace_back();
  summary.column = of.id;
  ARROW_ASSIGN_OR_RAISE(summary.file, writer->Finish());
  summary.file.path = run.place.PathOf(summary.file.path);
  return record;
}

Result<std::unique_ptr<const GlobalDecision>> DecideKeys(const OperatorRun& run,
                                                         const std::vector<OperatorSplit>& splits,
                                                         size_t instance,
                                                         const GlobalDecisions& before,
                                                         SpillFolder& spill) {
  return KeyPhase(run, splits, instance, before, spill).Run();
}

}  // namespace millrace::stage
