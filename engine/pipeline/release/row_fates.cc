#include "pipeline/release/row_fates.h"

#include <arrow/api.h>
#include <xxhash.h>

#include <algorithm>
#include <compare>
#include <functional>
#include <map>
#include <optional>

#include "base/reserved_columns.h"
#include "io/object/scratch_space.h"
#include "stage/evidence/row_digest.h"
#include "stage/shard_rows.h"
#include "stage/sorted_stream.h"

namespace millrace::pipeline {
namespace {

using stage::KeyDigest;

constexpr size_t kSamplesMax = 5;
constexpr size_t kFanIn = 100;
constexpr uint32_t kWritten = 0;  // others: the rule's number

// One row of one run, as sorted and spilled.
struct Fate {
  KeyDigest id, values;
  uint32_t fate = 0;
  uint32_t side = 0;
  std::strong_ordering operator<=>(const Fate&) const = default;
};

KeyDigest DigestOf(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.high64, hash.low64};
}

class Comparison {
 public:
  explicit Comparison(const std::vector<std::string>& columns) : columns_(columns) {}

  Result<FateChanges> Run(const FateTable* before, const FateTable* after, int64_t bytes_max) {
    ARROW_ASSIGN_OR_RAISE(const auto scratch, io::ScratchSpace::Temporary());
    stage::SpillFolder spill(scratch->store(), "spill");
    stage::SpillingSorter<Fate> sorter(spill, bytes_max);
    const auto add = [&](const Fate& fate, std::string_view) { return sorter.Add(fate); };
    if (before != nullptr) ARROW_RETURN_NOT_OK(Read(*before, 0, add));
    if (after != nullptr) ARROW_RETURN_NOT_OK(Read(*after, 1, add));
    ARROW_ASSIGN_OR_RAISE(auto sorted, sorter.Finish(kFanIn));
    ARROW_RETURN_NOT_OK(Count(*sorted));
    if (!wanted_.empty()) {
      const auto name = [&](const Fate& fate, std::string_view id) {
        const auto found = wanted_.find(fate.id);
        if (found != wanted_.end()) found->second = std::string(id);
        return Status::OK();
      };
      if (before != nullptr) ARROW_RETURN_NOT_OK(Read(*before, 0, name));
      if (after != nullptr) ARROW_RETURN_NOT_OK(Read(*after, 1, name));
    }
    return Changes();
  }

 private:
  using Take = std::function<Status(const Fate&, std::string_view id)>;
  struct Counted {
    int64_t rows = 0;
    std::vector<KeyDigest> samples;
  };

  uint32_t NumberOf(const std::string& rule) {
    const auto [found, added] =
        numbers_.try_emplace(rule, static_cast<uint32_t>(numbers_.size() + 1));
    if (added) rules_.push_back(rule);
    return found->second;
  }

  std::string Name(std::optional<uint32_t> fate) const {
    if (!fate) return "absent";
    return *fate == kWritten ? "written" : "rejected: " + rules_[*fate - 1];
  }

  Status Read(const FateTable& table, uint32_t side, const Take& take) {
    for (io::DataFile shard : table.manifest->outputs) {
      shard.path = table.folder + "/" + shard.path;
      ARROW_RETURN_NOT_OK(ReadWritten(table, shard, side, take));
    }
    for (io::DataFile file : table.manifest->reject_files) {
      file.path = table.folder + "/" + file.path;
      ARROW_RETURN_NOT_OK(ReadRejected(table, file, side, take));
    }
    return Status::OK();
  }

  Status ReadWritten(const FateTable& table, const io::DataFile& shard, uint32_t side,
                     const Take& take) {
    std::vector<std::string> names = columns_;
    names.emplace_back(kRowIdColumn);
    ARROW_ASSIGN_OR_RAISE(auto rows, stage::ShardRows::Open(*table.workspace, shard, names));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
      if (batch == nullptr) return Status::OK();
      std::vector<KeyDigest> values(static_cast<size_t>(batch->num_rows()));
      if (!columns_.empty()) {
        ARROW_ASSIGN_OR_RAISE(values, stage::DigestRows(*batch, columns_));
      }
      const auto ids = batch->GetColumnByName(std::string(kRowIdColumn));
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        const auto id = static_cast<const arrow::StringArray&>(*ids).GetView(row);
        const Fate fate{DigestOf(id), values[static_cast<size_t>(row)], kWritten, side};
        ARROW_RETURN_NOT_OK(take(fate, id));
      }
    }
  }

  Status ReadRejected(const FateTable& table, const io::DataFile& file, uint32_t side,
                      const Take& take) {
    ARROW_ASSIGN_OR_RAISE(auto rows,
                          stage::ShardRows::Open(*table.workspace, file,
                                                 {std::string(kRowIdColumn), "instance", "rule"}));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
      if (batch == nullptr) return Status::OK();
      const auto ids = batch->GetColumnByName(std::string(kRowIdColumn));
      const auto instances = batch->GetColumnByName("instance");
      const auto rules = batch->GetColumnByName("rule");
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        if (ids->IsNull(row)) continue;
        const auto id = static_cast<const arrow::BinaryArray&>(*ids).GetView(row);
        const std::string rule = NamedRule(TextOf(*instances, row), TextOf(*rules, row));
        ARROW_RETURN_NOT_OK(take(Fate{DigestOf(id), {}, NumberOf(rule), side}, id));
      }
    }
  }

  static std::string TextOf(const arrow::Array& texts, int64_t row) {
    if (texts.IsNull(row)) return "";
    return std::string(static_cast<const arrow::BinaryArray&>(texts).GetView(row));
  }

  // A rule of an operator's type says more with the instance before it: "keep.where.false".
  static std::string NamedRule(const std::string& instance, const std::string& rule) {
    return rule.rfind(instance + '.', 0) == 0 ? rule : instance + '.' + rule;
  }

  Status Count(stage::SortedStream<Fate>& sorted) {
    std::optional<Fate> sides[2];
    std::optional<KeyDigest> current;
    Fate fate;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const bool more, sorted.Next(&fate));
      if (current && (!more || fate.id != *current)) {
        Judge(*current, sides[0], sides[1]);
        sides[0].reset();
        sides[1].reset();
      }
      if (!more) return Status::OK();
      current = fate.id;
      sides[fate.side] = fate;
    }
  }

  void Judge(const KeyDigest& id, const std::optional<Fate>& before,
             const std::optional<Fate>& after) {
    const auto fate_of = [](const std::optional<Fate>& side) {
      return side ? std::optional<uint32_t>(side->fate) : std::nullopt;
    };
    const bool same_fate = before && after && before->fate == after->fate;
    if (same_fate && before->values == after->values) {
      ++same_;
      return;
    }
    const std::string now = same_fate ? "written otherwise" : Name(fate_of(after));
    Counted& counted = counted_[{Name(fate_of(before)), now}];
    ++counted.rows;
    if (counted.samples.size() == kSamplesMax) return;
    counted.samples.push_back(id);
    wanted_.emplace(id, "");
  }

  FateChanges Changes() const {
    FateChanges result;
    result.rows_same = same_;
    for (const auto& [names, counted] : counted_) {
      FateChange change{names.first, names.second, counted.rows, {}};
      for (const KeyDigest& id : counted.samples) change.row_ids.push_back(wanted_.at(id));
      std::sort(change.row_ids.begin(), change.row_ids.end());
      result.changes.push_back(std::move(change));
    }
    std::stable_sort(result.changes.begin(), result.changes.end(),
                     [](const auto& a, const auto& b) { return a.rows > b.rows; });
    return result;
  }

  const std::vector<std::string>& columns_;
  std::map<std::string, uint32_t> numbers_;
  std::vector<std::string> rules_;
  int64_t same_ = 0;
  std::map<std::pair<std::string, std::string>, Counted> counted_;
  std::map<KeyDigest, std::string> wanted_;  // row ids of the samples
};

}  // namespace

Result<FateChanges> CompareFates(const FateTable* before, const FateTable* after,
                                 const std::vector<std::string>& columns, int64_t bytes_max) {
  return Comparison(columns).Run(before, after, bytes_max);
}

}  // namespace millrace::pipeline
