#include "op/kind_contract.h"

#include <algorithm>

#include "base/reserved_columns.h"
#include "op/row_layout.h"

namespace millrace::op {
namespace {

bool StartsWith(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

bool Names(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string AnnotatorBoundFault(const Annotator& op, const std::string& id,
                                const arrow::Schema& columns) {
  for (const auto& field : op.adds()) {
    const std::string& name = field->name();
    const bool fits = op.kind() == Kind::kEvaluator
                          ? StartsWith(name, kEvalWorkingPrefix + id + '_')
                          : StartsWith(name, id + '_') || StartsWith(name, id + '.');
    if (!fits) return "adds `" + name + "`, which is not a name for it to give";
    if (columns.GetFieldIndex(name) >= 0) return "adds `" + name + "`, which is there already";
  }
  return "";
}

std::string RefinerBoundFault(const Refiner& op, const arrow::Schema& columns) {
  if (op.output()->GetFieldIndex(std::string(kRowIdColumn)) < 0) return "removes the row's id";
  for (const auto& field : op.output()->fields()) {
    const std::string& name = field->name();
    const auto before = columns.GetFieldByName(name);
    if (Names(op.writes(), name)) {
      if (IsReservedColumn(name)) return "writes `" + name + "`, which is the engine's";
    } else if (before == nullptr || !before->type()->Equals(*field->type())) {
      return "changes the column `" + name + "`, which it does not say that it writes";
    }
  }
  return "";
}

}  // namespace

std::string BoundFault(const Operator& op, const std::string& id, const arrow::Schema& columns) {
  for (const std::string& name : op.reads()) {
    if (columns.GetFieldIndex(name) < 0) return "reads `" + name + "`, which is not there";
  }
  if (op.scope() != Scope::kRow) return "";  // the stage's to do
  switch (op.kind()) {
    case Kind::kScore:
    case Kind::kEvaluator:
      return AnnotatorBoundFault(static_cast<const Annotator&>(op), id, columns);
    case Kind::kFilter:
      return "";
    case Kind::kRefiner:
      return RefinerBoundFault(static_cast<const Refiner&>(op), columns);
    case Kind::kGenerator:
      for (const auto& field : static_cast<const Generator&>(op).writes()) {
        if (IsReservedColumn(field->name())) {
          return "writes `" + field->name() + "`, which is the engine's";
        }
      }
      return "";
  }
  return "";
}

std::string FailuresFault(const RowFailures& failures, int64_t rows) {
  int64_t before = -1;
  for (const RowFailure& failure : failures) {
    if (failure.row <= before || failure.row >= rows) return "failed on a row that is not there";
    if (failure.rule.empty()) return "failed without a rule";
    before = failure.row;
  }
  return "";
}

std::string AnnotatorFault(const Annotator& op, const arrow::ArrayVector& added, int64_t rows) {
  if (added.size() != op.adds().size()) return "gave another number of columns than it adds";
  for (size_t i = 0; i < added.size(); ++i) {
    if (added[i]->length() != rows || !added[i]->type()->Equals(*op.adds()[i]->type())) {
      return "gave a wrong column `" + op.adds()[i]->name() + '`';
    }
  }
  return "";
}

std::string FilterFault(const Filter& op, const Verdict& verdict, int64_t rows) {
  const bool reasons = !verdict.reason.empty();
  if (verdict.keep == nullptr || verdict.keep->length() != rows || verdict.keep->null_count() > 0 ||
      (reasons && static_cast<int64_t>(verdict.reason.size()) != rows)) {
    return "did not judge every row";
  }
  if (verdict.measured != nullptr &&
      (verdict.measured->length() != rows || verdict.measured->type_id() != arrow::Type::STRING)) {
    return "did not say of every row what it measured";
  }
  for (int64_t row = 0; row < rows; ++row) {
    const size_t reason = reasons ? verdict.reason[static_cast<size_t>(row)] : 0;
    if (!verdict.keep->Value(row) && reason >= op.reasons().size()) {
      return "dropped a row for a reason that it does not have";
    }
  }
  return "";
}

std::string RefinerFault(const Refiner& op, const Refined& refined,
                         const arrow::RecordBatch& before) {
  const int64_t rows = before.num_rows();
  if (refined.rows->num_rows() != rows || !refined.rows->schema()->Equals(*op.output())) {
    return "gave other rows than it said";
  }
  if (refined.changed != nullptr &&
      (refined.changed->length() != rows || refined.changed->null_count() > 0)) {
    return "did not say of every row whether it changed";
  }
  for (int i = 0; i < op.output()->num_fields(); ++i) {
    const std::string& name = op.output()->field(i)->name();
    const auto& column = refined.rows->column(i);
    if (column->length() != rows) return "gave other rows than it said";
    if (Names(op.writes(), name)) continue;
    // Handed on, not made anew: its values need not be compared.
    const auto same = before.GetColumnByName(name);
    if (same == nullptr || column->data() != same->data()) {
      return "changed the column `" + name + '`';
    }
  }
  return "";
}

std::string GeneratorFault(const Generator& op, const Generated& made, const RowFailures& failures,
                           int64_t rows) {
  if (made.columns.size() != op.writes().size() || (made.parents != nullptr) != op.makes_rows()) {
    return "made other columns than it said";
  }
  const int64_t made_rows = made.parents == nullptr ? rows : made.parents->length();
  for (size_t i = 0; i < made.columns.size(); ++i) {
    if (made.columns[i]->length() != made_rows ||
        !made.columns[i]->type()->Equals(*op.writes()[i]->type())) {
      return "made a wrong column `" + op.writes()[i]->name() + '`';
    }
  }
  if (made.parents == nullptr) return "";
  if (made.parents->null_count() > 0) return "made children of no row";
  size_t failure = 0;
  for (int64_t i = 0; i < made_rows; ++i) {
    const int64_t parent = made.parents->Value(i);
    if (parent < 0 || parent >= rows || (i > 0 && parent < made.parents->Value(i - 1))) {
      return "made children out of the order of their rows";
    }
    while (failure < failures.size() && failures[failure].row < parent) ++failure;
    if (failure < failures.size() && failures[failure].row == parent) {
      return "made children of a row that failed";
    }
  }
  return "";
}

}  // namespace millrace::op
