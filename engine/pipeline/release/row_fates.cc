#include "pipeline/release/row_fates.h"

#include <arrow/api.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
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
// In reject files the record as it was: of ingest and of a stage (spec/rejects.md).
constexpr std::array<std::string_view, 2> kRecords = {"raw", "row"};
constexpr uint32_t kWritten = 0;  // others: the rule's number

// One row of one run, as sorted and spilled.
struct Fate {
  KeyDigest id, values;  // values: {} where nothing is known of them
  uint32_t fate = 0;
  uint16_t side = 0;
  uint16_t may_have_moved = 0;
  std::strong_ordering operator<=>(const Fate&) const = default;
};

// A row that may have moved: by what it is.
struct Content {
  KeyDigest values;
  uint32_t fate = 0, unused = 0;
  KeyDigest id;
  std::strong_ordering operator<=>(const Content&) const = default;
  std::strong_ordering Compare(const Content& other) const {
    const auto order = values <=> other.values;
    return order != 0 ? order : fate <=> other.fate;
  }
};

KeyDigest DigestOf(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.high64, hash.low64};
}

class Comparison {
 public:
  using Files = std::set<std::string, std::less<>>;
  Comparison(const std::vector<std::string>& columns, const Files& changed_files)
      : columns_(columns), changed_files_(changed_files) {}

  Result<FateChanges> Run(const FateTable* before, const FateTable* after, int64_t bytes_max) {
    ARROW_ASSIGN_OR_RAISE(const auto scratch, io::ScratchSpace::Temporary());
    stage::SpillFolder spill(scratch->store(), "spill");
    // A sorter is full while the next one, or the next two, are filled.
    stage::SpillingSorter<Fate> by_id(spill, bytes_max / 2), left_over(spill, bytes_max / 4);
    stage::SpillingSorter<Content> moved[2] = {{spill, bytes_max / 8}, {spill, bytes_max / 8}};
    const auto add = [&](const Fate& fate, std::string_view) { return by_id.Add(fate); };
    if (before != nullptr) ARROW_RETURN_NOT_OK(Read(*before, 0, add));
    if (after != nullptr) ARROW_RETURN_NOT_OK(Read(*after, 1, add));
    {
      ARROW_ASSIGN_OR_RAISE(const auto sorted, by_id.Finish(kFanIn));
      ARROW_RETURN_NOT_OK(EachRow(*sorted, [&](const Sides& sides) -> Status {
        const bool may_have_moved = sides[0] ? sides[0]->may_have_moved : sides[1]->may_have_moved;
        if (!may_have_moved || IsSame(sides)) return Judge(sides);
        for (size_t side = 0; side < 2; ++side) {
          if (!sides[side]) continue;
          const Fate& fate = *sides[side];
          ARROW_RETURN_NOT_OK(fate.values == KeyDigest()
                                  ? left_over.Add(fate)
                                  : moved[side].Add({fate.values, fate.fate, 0, fate.id}));
        }
        return Status::OK();
      }));
    }
    {
      ARROW_ASSIGN_OR_RAISE(const auto old, moved[0].Finish(kFanIn));
      ARROW_ASSIGN_OR_RAISE(const auto now, moved[1].Finish(kFanIn));
      ARROW_RETURN_NOT_OK(Pair(*old, *now, &left_over));
    }
    ARROW_ASSIGN_OR_RAISE(const auto sorted, left_over.Finish(kFanIn));
    ARROW_RETURN_NOT_OK(EachRow(*sorted, [&](const Sides& sides) { return Judge(sides); }));
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
  using Sides = std::array<std::optional<Fate>, 2>;
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

  // Rows come file by file.
  uint16_t MayHaveMoved(std::string_view id) {
    const std::string_view file = id.substr(0, id.rfind('#'));
    if (file != last_file_) {
      last_file_ = file;
      last_changed_ = changed_files_.contains(file);
    }
    return last_changed_ ? 1 : 0;
  }

  Status Read(const FateTable& table, uint16_t side, const Take& take) {
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

  Status ReadWritten(const FateTable& table, const io::DataFile& shard, uint16_t side,
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
        ARROW_RETURN_NOT_OK(
            take({DigestOf(id), values[static_cast<size_t>(row)], kWritten, side, MayHaveMoved(id)},
                 id));
      }
    }
  }

  Status ReadRejected(const FateTable& table, const io::DataFile& file, uint16_t side,
                      const Take& take) {
    ARROW_ASSIGN_OR_RAISE(auto rows,
                          stage::ShardRows::Open(*table.workspace, file,
                                                 {std::string(kRowIdColumn), "instance", "rule"}, 0,
                                                 {kRecords.begin(), kRecords.end()}));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
      if (batch == nullptr) return Status::OK();
      const auto ids = batch->GetColumnByName(std::string(kRowIdColumn));
      const auto instances = batch->GetColumnByName("instance");
      const auto rules = batch->GetColumnByName("rule");
      ARROW_ASSIGN_OR_RAISE(const std::vector<KeyDigest> records, DigestRecords(*batch));
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        if (ids->IsNull(row)) continue;
        const auto id = static_cast<const arrow::BinaryArray&>(*ids).GetView(row);
        const std::string rule = NamedRule(TextOf(*instances, row), TextOf(*rules, row));
        ARROW_RETURN_NOT_OK(take({DigestOf(id), records[static_cast<size_t>(row)], NumberOf(rule),
                                  side, MayHaveMoved(id)},
                                 id));
      }
    }
  }

  // What was rejected, as far as it was kept; {} where it was not.
  static Result<std::vector<KeyDigest>> DigestRecords(const arrow::RecordBatch& batch) {
    std::vector<KeyDigest> digests(static_cast<size_t>(batch.num_rows()));
    for (const std::string_view name : kRecords) {
      const auto records = batch.GetColumnByName(std::string(name));
      if (records == nullptr) continue;
      ARROW_ASSIGN_OR_RAISE(const auto of_rows, stage::DigestRows(batch, {std::string(name)}));
      for (int64_t row = 0; row < batch.num_rows(); ++row) {
        const auto at = static_cast<size_t>(row);
        if (!records->IsNull(row)) digests[at] = of_rows[at];
      }
    }
    return digests;
  }

  static std::string TextOf(const arrow::Array& texts, int64_t row) {
    if (texts.IsNull(row)) return "";
    return std::string(static_cast<const arrow::BinaryArray&>(texts).GetView(row));
  }

  // A rule of an operator's type says more with the instance before it: "keep.where.false".
  static std::string NamedRule(const std::string& instance, const std::string& rule) {
    return rule.rfind(instance + '.', 0) == 0 ? rule : instance + '.' + rule;
  }

  // What both runs made of each id.
  template <typename Visit>
  static Status EachRow(stage::SortedStream<Fate>& sorted, const Visit& visit) {
    Sides sides;
    std::optional<KeyDigest> current;
    Fate fate;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const bool more, sorted.Next(&fate));
      if (current && (!more || fate.id != *current)) {
        ARROW_RETURN_NOT_OK(visit(sides));
        sides = {};
      }
      if (!more) return Status::OK();
      current = fate.id;
      sides[fate.side] = fate;
    }
  }

  // Rows that are equal are one row at two places; the others are left over.
  Status Pair(stage::SortedStream<Content>& old, stage::SortedStream<Content>& now,
              stage::SpillingSorter<Fate>* left_over) {
    std::array<stage::SortedStream<Content>*, 2> streams = {&old, &now};
    std::array<Content, 2> heads;
    std::array<bool, 2> more = {true, true};
    std::array<bool, 2> next = {true, true};
    while (true) {
      for (size_t side = 0; side < 2; ++side) {
        if (!next[side]) continue;
        ARROW_ASSIGN_OR_RAISE(more[side], streams[side]->Next(&heads[side]));
      }
      if (!more[0] && !more[1]) return Status::OK();
      const auto order = !more[0]   ? std::strong_ordering::greater
                         : !more[1] ? std::strong_ordering::less
                                    : heads[0].Compare(heads[1]);
      next = {order <= 0, order >= 0};
      if (order == 0) {
        ++same_;
        ++moved_;
        continue;
      }
      const uint16_t side = next[0] ? 0 : 1;
      const Content& head = heads[side];
      ARROW_RETURN_NOT_OK(left_over->Add({head.id, head.values, head.fate, side, 1}));
    }
  }

  // Of a rejected row the rule is what counts.
  static bool IsSame(const Sides& sides) {
    return sides[0] && sides[1] && sides[0]->fate == sides[1]->fate &&
           (sides[0]->fate != kWritten || sides[0]->values == sides[1]->values);
  }

  Status Judge(const Sides& sides) {
    if (IsSame(sides)) {
      ++same_;
      return Status::OK();
    }
    const auto fate_of = [](const std::optional<Fate>& side) {
      return side ? std::optional<uint32_t>(side->fate) : std::nullopt;
    };
    const bool same_fate = fate_of(sides[0]) == fate_of(sides[1]);
    const std::string now = same_fate ? "written otherwise" : Name(fate_of(sides[1]));
    Counted& counted = counted_[{Name(fate_of(sides[0])), now}];
    ++counted.rows;
    if (counted.samples.size() == kSamplesMax) return Status::OK();
    const KeyDigest& id = sides[0] ? sides[0]->id : sides[1]->id;
    counted.samples.push_back(id);
    wanted_.emplace(id, "");
    return Status::OK();
  }

  FateChanges Changes() const {
    FateChanges result;
    result.rows_same = same_;
    result.rows_moved = moved_;
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
  const Files& changed_files_;
  std::string last_file_;
  bool last_changed_ = false;
  std::map<std::string, uint32_t> numbers_;
  std::vector<std::string> rules_;
  int64_t same_ = 0, moved_ = 0;
  std::map<std::pair<std::string, std::string>, Counted> counted_;
  std::map<KeyDigest, std::string> wanted_;  // row ids of the samples
};

}  // namespace

Result<FateChanges> CompareFates(const FateTable* before, const FateTable* after,
                                 const std::vector<std::string>& columns,
                                 const std::set<std::string, std::less<>>& changed_files,
                                 int64_t bytes_max) {
  return Comparison(columns, changed_files).Run(before, after, bytes_max);
}

}  // namespace millrace::pipeline
