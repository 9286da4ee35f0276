#include "pipeline/trace/stage_trace.h"

#include <arrow/api.h>

#include "base/reserved_columns.h"
#include "base/utf8.h"
#include "contract/value_text.h"
#include "op/request.h"
#include "op/row_layout.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kCellBytesMax = 1000;

Json Cell(const arrow::RecordBatch& rows, int column, int64_t row) {
  const arrow::Array& values = *rows.column(column);
  if (values.IsNull(row)) return nullptr;
  if (op::IsSensitive(*rows.schema()->field(column))) return "***";
  std::string text;
  contract::AppendValueText(values, row, &text);
  return CutText(text, kCellBytesMax);
}

// What a step wrote: columns that are new or have another value, of the first row behind it.
Json Changes(const arrow::RecordBatch& before, const arrow::RecordBatch& after) {
  Json changes = Json::object();
  if (before.num_rows() == 0 || after.num_rows() == 0) return changes;
  for (int i = 0; i < after.num_columns(); ++i) {
    const std::string& name = after.column_name(i);
    if (IsReservedColumn(name)) continue;
    const int old = before.schema()->GetFieldIndex(name);
    const bool same = old >= 0 && before.column(old)->type()->Equals(*after.column(i)->type()) &&
                      before.column(old)->RangeEquals(*after.column(i), 0, 1, 0);
    if (same) continue;
    changes[name] = {{"before", old < 0 ? Json() : Cell(before, old, 0)},
                     {"after", Cell(after, i, 0)}};
  }
  for (int i = 0; i < before.num_columns(); ++i) {
    const std::string& name = before.column_name(i);
    if (after.schema()->GetFieldIndex(name) >= 0) continue;
    changes[name] = {{"before", Cell(before, i, 0)}, {"removed", true}};
  }
  return changes;
}

// The reject of an instance, of which there is one for the row.
Json Reject(const arrow::RecordBatch& rejects, const std::string& instance) {
  for (int64_t row = 0; row < rejects.num_rows(); ++row) {
    const auto text = [&](const char* column) -> Json {
      const auto& values = static_cast<const arrow::StringArray&>(*rejects.GetColumnByName(column));
      return values.IsNull(row) ? Json() : Json(values.GetString(row));
    };
    if (text("instance") != instance) continue;
    Json json = Json::object();
    for (const char* column : {"rule", "column", "value", "threshold", "message"}) {
      const Json value = text(column);
      if (!value.is_null()) json[column] = value;
    }
    return json;
  }
  return nullptr;
}

}  // namespace

Json ShownRow(const arrow::RecordBatch& rows, int64_t row) {
  Json shown = Json::object();
  for (int i = 0; i < rows.num_columns(); ++i) {
    if (!IsReservedColumn(rows.column_name(i))) shown[rows.column_name(i)] = Cell(rows, i, row);
  }
  return shown;
}

Result<StageTrace> TraceStage(const op::Chain& chain, const arrow::RecordBatch& row,
                              const std::vector<op::GlobalDrops>& drops) {
  arrow::RecordBatchVector rows;
  ARROW_ASSIGN_OR_RAISE(const op::ChainResult result, chain.Trace(row, drops, &rows));
  StageTrace trace;
  trace.steps = Json::array();
  for (size_t i = 0; i < chain.instances().size(); ++i) {
    const op::InstanceRows& count = result.instances[i];
    if (count.reached == 0) break;
    const op::Instance& instance = chain.instances()[i];
    Json step = {{"operator", instance.id},
                 {"type", instance.type->name},
                 {"kind", std::string(op::KindName(instance.op->kind()))},
                 {"decision", count.dropped > 0   ? "dropped"
                              : count.tagged > 0  ? "tagged"
                              : count.derived > 0 ? "replaced"
                                                  : "passed"}};
    if (count.derived > 0) step["made"] = count.derived;
    Json changes = Changes(*rows[i], *rows[i + 1]);
    if (!changes.empty()) step["changes"] = std::move(changes);
    if (count.dropped > 0 && result.rejects != nullptr) {
      step["reject"] = Reject(*result.rejects, instance.id);
    }
    trace.steps.push_back(std::move(step));
  }
  trace.rows = result.rows;
  return trace;
}

}  // namespace millrace::pipeline
