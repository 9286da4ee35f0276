#include "stage/operators/row_drops.h"

#include <arrow/api.h>

#include <compare>

#include "base/reserved_columns.h"
#include "stage/identity.h"
#include "stage/operators/split_drops.h"
#include "stage/operators/split_rows.h"
#include "stage/sorted_stream.h"

namespace millrace::stage {
namespace {

/// A drop by the row that is repeated.
struct FirstEntry {
  int64_t first_split = 0, first_position = 0;
  int64_t split = 0, position = 0;
  auto operator<=>(const FirstEntry&) const = default;
};

/// The names of what the drops of some splits repeat.
struct Names {
  std::shared_ptr<SpillFile> ids, entries;  // null: there are none
  std::vector<int64_t> begin;               // of each split in the entries; < 0: not asked for
};

}  // namespace

class RowDropsDecision : public GlobalDecision {
 public:
  RowDropsDecision(RowDropsPlan plan, SpillFolder lists,
                   std::vector<RowDropsWriter::OfSplit> splits, std::shared_ptr<SpillFile> drops)
      : plan_(std::move(plan)),
        lists_(std::move(lists)),
        splits_(std::move(splits)),
        drops_(std::move(drops)) {}

  std::string MaskOf(size_t split) const override { return splits_[split].mask; }

  Status Commit() const override { return plan_.commit ? plan_.commit() : Status::OK(); }

  std::string Effect() const override {
    if (!plan_.has_effect) return "";
    Sha256 hash;
    for (const auto& split : splits_) hash.UpdateField(split.mask);
    return FinishIdentity(hash);
  }

  Status Prepare(const std::vector<bool>& wanted) override {
    const op::Instance& instance = plan_.run.plan.chain->instances()[plan_.instance];
    if (instance.common.rejects == op::RejectDetail::kCount || drops_ == nullptr) {
      return Status::OK();
    }
    names_.begin.assign(splits_.size(), -1);
    SpillingSorter<FirstEntry> firsts(plan_.spill, plan_.run.merge_bytes / 4);
    for (size_t i = 0; i < splits_.size(); ++i) {
      if (!wanted[i] || splits_[i].rows == 0) continue;
      ARROW_ASSIGN_OR_RAISE(const auto drops, ReadDrops(Listed(i)));
      RowDrop drop;
      for (;;) {
        ARROW_ASSIGN_OR_RAISE(const bool more, drops->Read(&drop, sizeof drop));
        if (!more) break;
        ARROW_RETURN_NOT_OK(
            firsts.Add({drop.first_split, drop.first_position, drop.split, drop.position}));
      }
    }
    return Name(&firsts);
  }

  Result<std::unique_ptr<SplitDrops>> Open(size_t split) const override {
    return DropListed(Listed(split));
  }
  nlohmann::json Told(size_t split) const override { return ToldListed(Listed(split)); }

 private:
  ListedDrops Listed(size_t split) const {
    const auto& of_split = splits_[split];
    ListedDrops listed;
    listed.rows = drops_;
    listed.begin = of_split.begin;
    listed.count = of_split.rows;
    if (names_.entries == nullptr || names_.begin[split] < 0) return listed;
    listed.names = names_.entries;
    listed.names_begin = names_.begin[split];
    listed.ids = names_.ids;
    return listed;
  }

  // Reads the row ids of the rows that are repeated: each split once, in order.
  Status Name(SpillingSorter<FirstEntry>* firsts) {
    ARROW_ASSIGN_OR_RAISE(const auto sorted, firsts->Finish(kMergedAtOnce));
    SpillingSorter<NamedEntry> named(plan_.spill, plan_.run.merge_bytes / 4);
    std::unique_ptr<SpillWriter> writer;
    FirstEntry entry, last{-2, -1, 0, 0};
    int64_t offset = 0, bytes = 0;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, sorted->Next(&entry));
      if (!more) break;
      if (entry.first_split != last.first_split || entry.first_position != last.first_position) {
        ARROW_ASSIGN_OR_RAISE(const std::string id, IdOf(entry.first_split, entry.first_position));
        if (writer == nullptr) {
          ARROW_ASSIGN_OR_RAISE(writer, lists_.Create());
        }
        ARROW_RETURN_NOT_OK(writer->Write(id.data(), id.size()));
        offset += bytes;
        bytes = static_cast<int64_t>(id.size());
      }
      last = entry;
      ARROW_RETURN_NOT_OK(named.Add({entry.split, entry.position, offset, bytes}));
    }
    rows_.reset();
    batch_.reset();
    if (writer == nullptr) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(names_.ids, writer->Finish());
    return DivideBySplit(&named);
  }

  // Asked in order of split and position.
  Result<std::string> IdOf(int64_t split, int64_t position) {
    if (split < 0) return plan_.name_outside(split, position);
    if (split != split_ || rows_ == nullptr) {
      split_ = split;
      const std::string column(kRowIdColumn);
      ARROW_ASSIGN_OR_RAISE(
          rows_, OpenSplit(plan_.run, plan_.splits[static_cast<size_t>(split)],
                           arrow::schema({plan_.run.plan.chain->input()->GetFieldByName(column)})));
      batch_.reset();
      batch_begin_ = 0;
    }
    while (batch_ == nullptr || position >= batch_begin_ + batch_->num_rows()) {
      if (batch_ != nullptr) batch_begin_ += batch_->num_rows();
      ARROW_ASSIGN_OR_RAISE(SplitBatch read, rows_->Next());
      batch_ = std::move(read.rows);
      MILLRACE_CHECK(batch_ != nullptr);
    }
    const auto& column = static_cast<const arrow::StringArray&>(*batch_->column(0));
    return column.GetString(position - batch_begin_);
  }

  Status DivideBySplit(SpillingSorter<NamedEntry>* named) {
    ARROW_ASSIGN_OR_RAISE(const auto sorted, named->Finish(kMergedAtOnce));
    ARROW_ASSIGN_OR_RAISE(const auto writer, lists_.Create());
    NamedEntry entry;
    for (int64_t written = 0;; ++written) {
      ARROW_ASSIGN_OR_RAISE(const bool more, sorted->Next(&entry));
      if (!more) break;
      int64_t& begin = names_.begin[static_cast<size_t>(entry.split)];
      if (begin < 0) begin = written;
      ARROW_RETURN_NOT_OK(writer->Write(&entry, sizeof entry));
    }
    return writer->Finish().Value(&names_.entries);
  }

  RowDropsPlan plan_;
  SpillFolder lists_;
  std::vector<RowDropsWriter::OfSplit> splits_;
  std::shared_ptr<SpillFile> drops_;  // null: nothing is dropped
  Names names_;
  std::unique_ptr<SplitReader> rows_;  // while ids are read: of split_
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t split_ = -1, batch_begin_ = 0;
};

RowDropsWriter::RowDropsWriter(RowDropsPlan plan)
    : plan_(std::move(plan)),
      lists_(plan_.run.context.perform ? SharedSpill(plan_.run) : plan_.spill),
      splits_(plan_.splits.size()) {}

void RowDropsWriter::FinishSplit() {
  if (split_ >= 0) splits_[static_cast<size_t>(split_)].mask = FinishIdentity(hash_);
  hash_ = Sha256();
}

Status RowDropsWriter::Add(const RowDrop& drop) {
  if (writer_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(writer_, lists_.Create());
  }
  if (drop.split != split_) {
    FinishSplit();
    split_ = drop.split;
    splits_[static_cast<size_t>(split_)].begin = written_;
  }
  ++splits_[static_cast<size_t>(split_)].rows;
  ++written_;
  const bool outside = drop.first_split < 0;
  hash_.UpdateField(std::to_string(drop.position));
  hash_.UpdateField(outside ? plan_.name_outside(drop.first_split, drop.first_position)
                            : plan_.splits[static_cast<size_t>(drop.first_split)].id);
  hash_.UpdateField(outside ? "" : std::to_string(drop.first_position));
  if (drop.measured >= 0) hash_.UpdateField(std::to_string(drop.measured));
  return writer_->Write(&drop, sizeof drop);
}

Result<std::unique_ptr<GlobalDecision>> RowDropsWriter::Finish() {
  FinishSplit();
  std::shared_ptr<SpillFile> drops;
  if (writer_ != nullptr) {
    ARROW_ASSIGN_OR_RAISE(drops, writer_->Finish());
  }
  return std::make_unique<RowDropsDecision>(std::move(plan_), std::move(lists_), std::move(splits_),
                                            std::move(drops));
}

}  // namespace millrace::stage
