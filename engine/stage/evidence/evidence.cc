#include "stage/evidence/evidence.h"

#include <arrow/api.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "base/quantity.h"
#include "base/reserved_columns.h"
#include "base/task_pool.h"
#include "base/utf8.h"
#include "contract/value_text.h"
#include "io/object/scratch_space.h"
#include "stage/evidence/repeated_rows.h"
#include "stage/evidence/row_judge.h"
#include "stage/shard_rows.h"

namespace millrace::stage {
namespace {

using contract::Requirement;

constexpr size_t kRowIdsMax = 3;
constexpr size_t kValuesMax = 10'000;
constexpr size_t kValueBytesMax = 200;
constexpr int64_t kBytesPerTask = int64_t{192} << 20;  // a row group twice, and some
constexpr size_t kAdvisedNamesMax = 3;

// What one shard adds to one requirement.
struct Tally {
  int64_t breaking = 0;
  std::vector<std::string> row_ids;
  std::vector<int64_t> by_kind;

  void Add(const Tally& other) {
    breaking += other.breaking;
    for (const std::string& id : other.row_ids) {
      if (row_ids.size() < kRowIdsMax) row_ids.push_back(id);
    }
    by_kind.resize(std::max(by_kind.size(), other.by_kind.size()), 0);
    for (size_t i = 0; i < other.by_kind.size(); ++i) by_kind[i] += other.by_kind[i];
  }
};

// What one shard adds to one composition. Too many values are too many in whatever order they come.
struct ValueTally {
  std::map<std::string, int64_t> values;
  int64_t nulls = 0;
  bool too_many = false;

  void Count(const std::string& value, int64_t rows) {
    if (too_many) return;
    values[value] += rows;
    if (values.size() > kValuesMax) {
      too_many = true;
      values.clear();
    }
  }
  void Add(const ValueTally& other) {
    nulls += other.nulls;
    if (other.too_many) {
      too_many = true;
      values.clear();
    }
    for (const auto& [value, rows] : other.values) Count(value, rows);
  }
};

struct ShardTallies {
  std::vector<Tally> rows;
  std::vector<ValueTally> values;
};

std::string ShortValue(const arrow::Array& values, int64_t row) {
  std::string text;
  contract::AppendValueText(values, row, &text);
  return CutText(text, kValueBytesMax);
}

// The requirements of one table, and how far they are.
class TableEvidence {
 public:
  TableEvidence(const contract::ModelContract& model, const EvidenceTable& table,
                io::Store& workspace, const EvidenceLimits& limits)
      : model_(model), table_(table), workspace_(workspace), limits_(limits) {
    for (const Requirement& requirement : model.requirements) {
      if (requirement.table == table.contract->name) mine_.push_back(&requirement);
    }
    for (DataShard shard : table.manifest->outputs) {
      shard.path = table.folder + "/" + shard.path;
      shards_.push_back(std::move(shard));
    }
  }

  Status Gather(std::map<const Requirement*, Evidence>* findings,
                std::vector<Composition>* compositions) {
    FindCompositions();
    for (const Requirement* requirement : mine_) (*findings)[requirement] = Begin(*requirement);
    std::vector<std::pair<const Requirement*, RowJudge>> judges;
    for (const Requirement* requirement : mine_) {
      Evidence& finding = findings->at(requirement);
      if (!contract::CountsRows(requirement->check)) {
        JudgeWhole(*requirement, &finding);
        continue;
      }
      RowJudge judge(*requirement, *table_.contract);
      if (!judge.obstacle().empty()) {
        finding.measured = judge.obstacle();
      } else if (rows() == 0) {
        finding.rows_breaking = 0;
        finding.measured = "there is no row to show it by";
      } else if (ProfileSuffices(*requirement)) {
        Settle(0, &finding);
      } else if (std::holds_alternative<contract::DuplicatesCheck>(requirement->check)) {
        ARROW_ASSIGN_OR_RAISE(const int64_t repeated, Repeated(judge.columns()));
        Settle(repeated, &finding);
      } else {
        judges.emplace_back(requirement, std::move(judge));
      }
    }
    if (judges.empty() && composed_.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const ShardTallies all, Pass(judges));
    for (size_t i = 0; i < judges.size(); ++i) {
      Evidence& finding = findings->at(judges[i].first);
      finding.row_ids = all.rows[i].row_ids;
      for (size_t kind = 0; kind < all.rows[i].by_kind.size(); ++kind) {
        const int64_t found = all.rows[i].by_kind[kind];
        if (found > 0) finding.rows_by_kind.emplace_back(contract::PiiNames()[kind], found);
      }
      Settle(all.rows[i].breaking, &finding);
    }
    for (size_t i = 0; i < composed_.size(); ++i) {
      compositions->push_back(Composed(composed_[i], all.values[i]));
    }
    return Status::OK();
  }

 private:
  using DataShard = io::DataFile;

  int64_t rows() const { return table_.manifest->rows.written; }

  const contract::Column* FindColumn(const std::string& name) const {
    for (const contract::Column& column : table_.contract->columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }

  void FindCompositions() {
    std::vector<std::string> names = model_.composition;
    for (const Requirement* requirement : mine_) {
      const auto* values = std::get_if<contract::ValuesCheck>(&requirement->check);
      if (values != nullptr && values->kind != contract::ValueKind::kExact)
        names.push_back(values->column);
    }
    std::set<std::string> seen;
    for (const std::string& name : names) {
      if (seen.insert(name).second && FindColumn(name) != nullptr) composed_.push_back(name);
    }
  }

  Evidence Begin(const Requirement& requirement) const {
    Evidence finding;
    finding.id = requirement.id;
    finding.statement = requirement.statement;
    finding.type = requirement.type;
    finding.table = requirement.table;
    finding.on_unmet = requirement.on_unmet;
    finding.check = contract::CheckText(requirement);
    finding.threshold = contract::ThresholdText(requirement);
    finding.rows_counted = rows();
    finding.max_fraction = requirement.max_fraction;
    return finding;
  }

  void Settle(int64_t breaking, Evidence* finding) const {
    const auto all = static_cast<double>(rows());
    finding->rows_breaking = breaking;
    finding->fraction = static_cast<double>(breaking) / all;
    finding->met = static_cast<double>(breaking) <= finding->max_fraction * all;
    finding->measured = breaking == 0
                            ? "no row breaks it"
                            : FormatShare(breaking, rows()) + " of the rows (" +
                                  FormatCount(breaking) + " of " + FormatCount(rows()) + ")";
  }

  void JudgeWhole(const Requirement& requirement, Evidence* finding) const {
    if (const auto* size = std::get_if<contract::SizeCheck>(&requirement.check)) {
      int64_t bytes = 0;
      for (const io::DataFile& shard : shards_) bytes += shard.bytes;
      const auto within = [](int64_t value, const auto& min, const auto& max) {
        return (!min || value >= *min) && (!max || value <= *max);
      };
      finding->met = within(rows(), size->min_rows, size->max_rows) &&
                     within(bytes, size->min_bytes, size->max_bytes);
      finding->measured = FormatCounted(rows(), "row");
      if (size->min_bytes || size->max_bytes) finding->measured += ", " + FormatByteSize(bytes);
    } else {
      JudgeFields(std::get<contract::FieldsCheck>(requirement.check), finding);
    }
  }

  void JudgeFields(const contract::FieldsCheck& check, Evidence* finding) const {
    std::vector<std::string> wrong;
    for (const auto& [name, type] : check.fields) {
      const contract::Column* column = FindColumn(name);
      if (column == nullptr) {
        wrong.push_back("`" + name + "` is missing");
        continue;
      }
      const std::string is = column->is_json ? "json" : contract::TypeText(*column->type);
      if (!type.empty() && is != type) wrong.push_back("`" + name + "` is " + is);
    }
    finding->met = wrong.empty();
    finding->measured = wrong.empty() ? "all are there" : "";
    for (size_t i = 0; i < wrong.size() && i < kAdvisedNamesMax; ++i) {
      finding->measured += (i == 0 ? "" : ", ") + wrong[i];
    }
    if (wrong.size() > kAdvisedNamesMax) {
      finding->measured += " and " + std::to_string(wrong.size() - kAdvisedNamesMax) + " more";
    }
  }

  // No null in the profiles: the rows need not be asked.
  bool ProfileSuffices(const Requirement& requirement) const {
    const auto* check = std::get_if<contract::NullsCheck>(&requirement.check);
    if (check == nullptr) return false;
    return std::all_of(check->columns.begin(), check->columns.end(), [&](const auto& name) {
      const auto& profiles = table_.manifest->profiles;
      const auto found = std::find_if(profiles.begin(), profiles.end(),
                                      [&](const ColumnProfile& p) { return p.name == name; });
      return found != profiles.end() && found->rows == rows() && found->nulls == 0;
    });
  }

  Result<int64_t> Repeated(const std::vector<std::string>& columns) const {
    ARROW_ASSIGN_OR_RAISE(const auto scratch, io::ScratchSpace::For(workspace_));
    SpillFolder spill(scratch ? scratch->store() : workspace_, table_.folder + "/spill");
    ARROW_RETURN_NOT_OK(spill.Clear());
    return CountRepeatedRows(workspace_, shards_, columns, spill, limits_.memory_bytes,
                             limits_.cancelled);
  }

  using Judges = std::vector<std::pair<const Requirement*, RowJudge>>;

  std::vector<std::string> ColumnsOf(const Judges& judges) const {
    std::set<std::string> names(composed_.begin(), composed_.end());
    for (const auto& [requirement, judge] : judges) {
      names.insert(judge.columns().begin(), judge.columns().end());
    }
    std::vector<std::string> columns(names.begin(), names.end());
    columns.emplace_back(kRowIdColumn);
    return columns;
  }

  // One task per shard; what they count is added up in the order of the shards.
  Result<ShardTallies> Pass(const Judges& judges) const {
    const std::vector<std::string> columns = ColumnsOf(judges);
    std::vector<ShardTallies> tallies(shards_.size());
    std::vector<Status> outcomes(shards_.size());
    ShardTallies all;
    all.rows.resize(judges.size());
    all.values.resize(composed_.size());
    std::mutex mutex;
    {
      const auto at_once = static_cast<int>(std::clamp<int64_t>(
          limits_.memory_bytes / kBytesPerTask, 1, std::max(limits_.threads, 1)));
      TaskPool pool(at_once);
      TaskLatch latch;
      for (size_t i = 0; i < shards_.size(); ++i) {
        latch.Add();
        pool.Submit([&, i] {
          outcomes[i] = CountShard(judges, columns, i, &tallies[i]);
          {
            // Values may be many, and add up to the same in any order.
            std::lock_guard<std::mutex> lock(mutex);
            for (size_t k = 0; k < all.values.size(); ++k) all.values[k].Add(tallies[i].values[k]);
            tallies[i].values.clear();
          }
          latch.Done();
        });
      }
      latch.Wait();
    }
    for (size_t i = 0; i < shards_.size(); ++i) {
      ARROW_RETURN_NOT_OK(outcomes[i]);
      for (size_t k = 0; k < judges.size(); ++k) all.rows[k].Add(tallies[i].rows[k]);
    }
    return all;
  }

  Status CountShard(const Judges& judges, const std::vector<std::string>& columns, size_t index,
                    ShardTallies* tallies) const {
    tallies->rows.resize(judges.size());
    tallies->values.resize(composed_.size());
    ARROW_ASSIGN_OR_RAISE(auto shard, ShardRows::Open(workspace_, shards_[index], columns));
    while (true) {
      if (limits_.cancelled != nullptr && *limits_.cancelled) return Status::Cancelled("");
      ARROW_ASSIGN_OR_RAISE(const auto rows, shard->Next());
      if (rows == nullptr) return Status::OK();
      for (size_t k = 0; k < judges.size(); ++k) {
        const bool pii = std::holds_alternative<contract::PiiCheck>(judges[k].first->check);
        CountBreaks(judges[k].second.Judge(*rows), *rows, pii, &tallies->rows[k]);
      }
      for (size_t k = 0; k < composed_.size(); ++k) {
        const auto values = rows->GetColumnByName(composed_[k]);
        for (int64_t row = 0; row < rows->num_rows(); ++row) {
          if (values->IsNull(row)) {
            ++tallies->values[k].nulls;
          } else if (!tallies->values[k].too_many) {
            tallies->values[k].Count(ShortValue(*values, row), 1);
          }
        }
      }
    }
  }

  static void CountBreaks(const std::vector<uint32_t>& breaks, const arrow::RecordBatch& rows,
                          bool pii, Tally* tally) {
    const auto ids = rows.GetColumnByName(std::string(kRowIdColumn));
    if (pii) tally->by_kind.resize(contract::PiiNames().size(), 0);
    for (size_t row = 0; row < breaks.size(); ++row) {
      if (breaks[row] == 0) continue;
      ++tally->breaking;
      for (size_t kind = 0; kind < tally->by_kind.size(); ++kind) {
        tally->by_kind[kind] += breaks[row] >> kind & 1u;
      }
      if (tally->row_ids.size() < kRowIdsMax && ids != nullptr) {
        tally->row_ids.emplace_back(
            static_cast<const arrow::StringArray&>(*ids).GetView(static_cast<int64_t>(row)));
      }
    }
  }

  Composition Composed(const std::string& name, const ValueTally& tally) const {
    Composition composition;
    composition.table = table_.contract->name;
    composition.column = name;
    composition.rows = rows();
    composition.nulls = tally.nulls;
    composition.sensitive = FindColumn(name)->sensitive;
    composition.too_many = tally.too_many;
    if (composition.sensitive) return composition;
    composition.values.assign(tally.values.begin(), tally.values.end());
    std::stable_sort(composition.values.begin(), composition.values.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return composition;
  }

  const contract::ModelContract& model_;
  const EvidenceTable& table_;
  io::Store& workspace_;
  const EvidenceLimits& limits_;
  std::vector<const Requirement*> mine_;
  std::vector<std::string> composed_;
  std::vector<io::DataFile> shards_;
};

}  // namespace

bool ModelEvidence::met() const {
  return std::all_of(findings.begin(), findings.end(), [](const Evidence& e) { return e.met; });
}

bool ModelEvidence::fails() const {
  return std::any_of(findings.begin(), findings.end(), [](const Evidence& e) {
    return !e.met && e.on_unmet == contract::OnUnmet::kFail;
  });
}

Result<ModelEvidence> GatherEvidence(const contract::ModelContract& model,
                                     const std::vector<EvidenceTable>& tables, io::Store& workspace,
                                     const EvidenceLimits& limits) {
  ModelEvidence evidence;
  std::map<const Requirement*, Evidence> findings;
  for (const EvidenceTable& table : tables) {
    ARROW_RETURN_NOT_OK(
        TableEvidence(model, table, workspace, limits).Gather(&findings, &evidence.compositions));
  }
  for (const Requirement& requirement : model.requirements) {
    const auto found = findings.find(&requirement);
    MILLRACE_CHECK(found != findings.end());
    evidence.findings.push_back(std::move(found->second));
  }
  return evidence;
}

}  // namespace millrace::stage
