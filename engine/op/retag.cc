#include "op/retag.h"

#include <arrow/api.h>

#include <algorithm>

#include "base/reserved_columns.h"
#include "op/kind_contract.h"
#include "op/row_layout.h"

namespace millrace::op {
namespace {

const arrow::FieldVector* AddedBy(const Operator& op) {
  if (op.kind() == Kind::kScore || op.kind() == Kind::kEvaluator) {
    return &static_cast<const Annotator&>(op).adds();
  }
  return op.kind() == Kind::kGenerator ? &static_cast<const Generator&>(op).writes() : nullptr;
}

bool Writes(const Operator& op, const std::string& column) {
  if (op.scope() != Scope::kRow) return false;
  if (op.kind() == Kind::kRefiner) {
    const auto& names = static_cast<const Refiner&>(op).writes();
    return std::find(names.begin(), names.end(), column) != names.end();
  }
  const arrow::FieldVector* added = AddedBy(op);
  return added != nullptr && std::any_of(added->begin(), added->end(), [&](const auto& field) {
           return field->name() == column;
         });
}

// What `at` reads must be in the rows that are stored as it was when it was read.
std::string ReadsFault(const Chain& chain, size_t at) {
  const auto& instances = chain.instances();
  const auto& last = chain.working(instances.size());
  for (const std::string& name : instances[at].op->reads()) {
    for (size_t later = at + 1; later < instances.size(); ++later) {
      if (Writes(*instances[later].op, name)) {
        return "`" + instances[later].id + "` changes `" + name + "` after `" + instances[at].id +
               "` has read it";
      }
    }
    if (last->GetFieldIndex(name) < 0) {
      return "`" + name + "`, which `" + instances[at].id + "` reads, is not stored";
    }
  }
  return "";
}

/// The columns that reach an instance, out of those behind the last one; what is not there any more
/// comes as nulls, for nobody reads it.
Result<std::shared_ptr<arrow::RecordBatch>> BatchAt(const Chain& chain, size_t instance,
                                                    const arrow::RecordBatch& last) {
  const auto& schema = chain.working(instance);
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    auto column = last.GetColumnByName(field->name());
    if (column == nullptr || !column->type()->Equals(*field->type())) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), last.num_rows()));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, last.num_rows(), std::move(columns));
}

/// Null when it fails on a row.
Result<std::shared_ptr<arrow::BooleanArray>> KeptBy(const Instance& instance,
                                                    const arrow::RecordBatch& rows) {
  const auto& filter = static_cast<const Filter&>(*instance.op);
  RowFailures failures;
  ARROW_ASSIGN_OR_RAISE(const Verdict verdict, filter.Judge(rows, &failures));
  const std::string fault = FilterFault(filter, verdict, rows.num_rows());
  if (!fault.empty()) {
    return MakeError(ErrorCode::kBug,
                     "operator `" + instance.id + "` of type " + instance.type->name + ' ' + fault);
  }
  return failures.empty() ? verdict.keep : nullptr;
}

std::vector<ValueHistogram> HistogramsOf(const Filter& filter, const arrow::RecordBatch& rows,
                                         const arrow::BooleanArray& keep) {
  std::vector<ValueHistogram> histograms;
  std::vector<bool> against;
  for (int64_t row = 0; row < keep.length(); ++row) against.push_back(!keep.Value(row));
  const std::vector<bool> none(against.size());
  for (const std::string& name : filter.Measures()) {
    histograms.emplace_back(name).AddColumn(*rows.GetColumnByName(name), against, none);
  }
  return histograms;
}

/// What the filters that tag say of the rows, before and after.
struct Verdicts {
  size_t instance = 0;
  std::shared_ptr<arrow::BooleanArray> before, after;
};

/// The lists with other tags at their end; null when they do not end as they should.
Result<std::shared_ptr<arrow::Array>> OtherTags(const arrow::ListArray& lists,
                                                const std::vector<Verdicts>& verdicts,
                                                const Chain& chain) {
  const auto& words = static_cast<const arrow::StringArray&>(*lists.values());
  auto texts = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder out(arrow::default_memory_pool(), texts);
  for (int64_t row = 0; row < lists.length(); ++row) {
    std::vector<std::string_view> gone, come;
    for (const Verdicts& verdict : verdicts) {
      const std::string& id = chain.instances()[verdict.instance].id;
      if (!verdict.before->Value(row)) gone.push_back(id);
      if (!verdict.after->Value(row)) come.push_back(id);
    }
    const int64_t begin = lists.value_offset(row), size = lists.value_length(row);
    const int64_t stays = size - static_cast<int64_t>(gone.size());
    if (stays < 0 || lists.IsNull(row)) return nullptr;
    ARROW_RETURN_NOT_OK(out.Append());
    for (int64_t i = 0; i < size; ++i) {
      const std::string_view word = words.GetView(begin + i);
      if (i >= stays) {
        if (word != gone[static_cast<size_t>(i - stays)]) return nullptr;
        continue;
      }
      ARROW_RETURN_NOT_OK(texts->Append(word));
    }
    for (const std::string_view id : come) ARROW_RETURN_NOT_OK(texts->Append(id));
  }
  return out.Finish();
}

}  // namespace

bool Tags(const Instance& instance) {
  return instance.op->kind() == Kind::kFilter && instance.op->scope() == Scope::kRow &&
         instance.common.action == Action::kTag;
}

std::string RetagFault(const DescribedChain& before, const DescribedChain& after) {
  const auto& olds = before.chain->instances();
  const auto& news = after.chain->instances();
  if (olds.size() != news.size() || !before.chain->input()->Equals(*after.chain->input()) ||
      !before.chain->stored()->Equals(*after.chain->stored())) {
    return "more than thresholds changed";
  }
  if (after.chain->order() != nullptr) return "`" + news.back().id + "` orders its rows anew";
  bool changed = false;
  for (size_t i = 0; i < news.size(); ++i) {
    if (olds[i].id != news[i].id || olds[i].type != news[i].type) {
      return "more than thresholds changed";
    }
    if (Tags(olds[i]) && Tags(news[i])) {
      for (const Chain* chain : {before.chain, after.chain}) {
        const std::string fault = ReadsFault(*chain, i);
        if (!fault.empty()) return fault;
      }
    }
    const bool same = (*before.json)[i] == (*after.json)[i] &&
                      olds[i].op->Identity() == news[i].op->Identity() &&
                      olds[i].op->FileSha256() == news[i].op->FileSha256();
    if (same) continue;
    changed = true;
    if (!Tags(olds[i]) || !Tags(news[i])) {
      return "`" + news[i].id + "` is no filter with `action: tag`";
    }
  }
  return changed ? "" : "nothing changed";
}

size_t FirstTagging(const Chain& chain) {
  size_t at = 0;
  while (!Tags(chain.instances()[at])) ++at;
  return at;
}

Result<std::optional<ChainResult>> Retag(const Chain& before, const Chain& after,
                                         const arrow::RecordBatch& stored) {
  ARROW_ASSIGN_OR_RAISE(const auto last,
                        ToWorking(stored, after.working(after.instances().size())));
  ChainResult result;
  result.instances.resize(after.instances().size());
  std::vector<Verdicts> verdicts;
  for (size_t i = 0; i < after.instances().size(); ++i) {
    const Instance& instance = after.instances()[i];
    if (!Tags(instance)) continue;
    ARROW_ASSIGN_OR_RAISE(const auto rows, BatchAt(after, i, *last));
    Verdicts& verdict = verdicts.emplace_back();
    verdict.instance = i;
    ARROW_ASSIGN_OR_RAISE(verdict.before, KeptBy(before.instances()[i], *rows));
    ARROW_ASSIGN_OR_RAISE(verdict.after, KeptBy(instance, *rows));
    if (verdict.before == nullptr || verdict.after == nullptr) return std::nullopt;
    result.instances[i].tagged = rows->num_rows() - verdict.after->true_count();
    result.instances[i].histograms =
        HistogramsOf(static_cast<const Filter&>(*instance.op), *rows, *verdict.after);
  }
  const int at = after.stored()->GetFieldIndex(std::string(kTagsColumn));
  const auto& lists = static_cast<const arrow::ListArray&>(*stored.column(at));
  ARROW_ASSIGN_OR_RAISE(const auto tags, OtherTags(lists, verdicts, after));
  if (tags == nullptr) return std::nullopt;
  arrow::ArrayVector columns = stored.columns();
  columns[static_cast<size_t>(at)] = tags;
  result.rows = arrow::RecordBatch::Make(after.stored(), stored.num_rows(), std::move(columns));
  return result;
}

}  // namespace millrace::op
