#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <map>
#include <set>

#include "contract/binding.h"
#include "contract/column_rule.h"
#include "contract/expression_place.h"
#include "contract/reject_row.h"
#include "expr/expression.h"

namespace millrace::contract {

namespace cp = arrow::compute;

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

struct BoundColumn {
  std::shared_ptr<const ColumnRule> rule;
  int request = -1;                         // of the projection
  std::shared_ptr<arrow::Scalar> constant;  // text
  std::optional<expr::Expression> expression;
};

// What became of one column of one batch, with the reader's own words for what it could not give.
struct ColumnState {
  ColumnOutcome outcome;
  std::map<int64_t, std::pair<std::string, std::string>> reader_rules;  // row -> rule, detail
};

// "a, b (did you mean `c`?)": columns a file lacks.
Diagnostic MissingColumnProblem(const Column& column, const std::string& path,
                                const std::vector<std::string>& names) {
  Diagnostic problem;
  problem.code = ErrorCode::kMissingColumn;
  problem.message = "the file has no column `" + path + "`" +
                    (path == column.name ? "" : ", which column `" + column.name + "` reads");
  problem.suggestion = DidYouMean(path, names);
  if (problem.suggestion.empty()) {
    for (const std::string& name : names)
      problem.suggestion += (problem.suggestion.empty() ? "it has: " : ", ") + name;
  }
  problem.span = column.span;
  return problem;
}

class ContractBinding final : public Binding {
 public:
  explicit ContractBinding(const Contract& contract)
      : contract_(contract), schema_(SchemaOf(contract)) {}

  Status Prepare(const std::string& source) {
    source_ = source;
    for (size_t i = 0; i < contract_.columns.size(); ++i) {
      ARROW_RETURN_NOT_OK(PrepareColumn(contract_.columns[i]));
      if (contract_.columns[i].unique) unique_columns_.push_back(static_cast<int>(i));
    }
    if (contract_.unknown_columns != UnknownColumns::kDrop) {
      projection_.unknown = io::UnknownFields::kReject;
    }
    return Status::OK();
  }

  const io::Projection& projection() const override { return projection_; }
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int>& unique_columns() const override { return unique_columns_; }
  Status BindFile(const arrow::Schema& file_schema) override;
  Result<CheckedBatch> Apply(const io::RawBatch& batch, const io::Chunk& chunk) const override;

 private:
  Status PrepareColumn(const Column& column);
  int Request(const std::string& path, const Column& column, bool optional, bool expression);
  Result<ColumnState> ApplyColumn(size_t index, const io::RawBatch& batch) const;
  std::optional<Reject> FindFailure(const io::RawBatch& batch, const io::Chunk& chunk,
                                    const std::vector<ColumnState>& states) const;
  Status SetNulls(const io::RawBatch& batch, std::vector<ColumnState>* states,
                  std::vector<NulledValues>* nulled) const;
  std::string RuleWord(const ColumnState& state, const Violation& violation) const;
  Reject MakeReject(const io::RawBatch& batch, const io::Chunk& chunk, int64_t row,
                    const std::vector<std::pair<size_t, const Violation*>>& failed,
                    const std::vector<ColumnState>& states) const;
  static std::string SensitiveValue(const ColumnState& state, const Violation& violation,
                                    bool is_expression);

  Contract contract_;
  std::string source_;
  std::shared_ptr<arrow::Schema> schema_;
  io::Projection projection_;
  std::vector<int> unique_columns_;
  std::vector<BoundColumn> columns_;
};

int ContractBinding::Request(const std::string& path, const Column& column, bool optional,
                             bool expression) {
  const bool kept = column.optional && column.from.empty();
  const bool raw = !expression && (column.is_json || column.type->id() == arrow::Type::LIST ||
                                   column.type->id() == arrow::Type::STRUCT);
  for (size_t i = 0; i < projection_.fields.size(); ++i) {
    io::FieldRequest& request = projection_.fields[i];
    // One column may be read both as JSON and as plain text: these are two requests.
    if (request.path != path || request.raw_json != raw || request.wants_json != (raw || kept))
      continue;
    request.optional &= optional;
    return static_cast<int>(i);
  }
  io::FieldRequest request;
  request.path = path;
  request.wants_json = raw || kept;
  request.raw_json = raw;
  request.optional = optional;
  projection_.fields.push_back(std::move(request));
  return static_cast<int>(projection_.fields.size()) - 1;
}

Status ContractBinding::PrepareColumn(const Column& column) {
  BoundColumn bound;
  ARROW_ASSIGN_OR_RAISE(bound.rule, ColumnRule::Make(column));
  const ColumnFrom* from = FromOf(column, source_);
  if (from == nullptr) {
    bound.request = Request(column.name, column, column.optional || !column.from.empty(), false);
  } else if (from->constant) {
    bound.constant = arrow::MakeScalar(*from->constant);
  } else if (!from->expression.empty()) {
    ARROW_ASSIGN_OR_RAISE(bound.expression, expr::Expression::Parse(from->expression));
    for (const std::string& name : bound.expression->columns())
      Request(name, column, column.optional, true);
  } else {
    bound.request = Request(from->path, column, column.optional, false);
  }
  columns_.push_back(std::move(bound));
  return Status::OK();
}

Status ContractBinding::BindFile(const arrow::Schema& file_schema) {
  if (file_schema.num_fields() == 0)
    return Status::OK();  // an empty file has no rows to lack a value
  std::vector<Diagnostic> problems;
  const std::vector<std::string> names = file_schema.field_names();
  const auto has = [&](const std::string& name) {
    return !file_schema.GetAllFieldIndices(name).empty();
  };
  std::set<std::string> reported;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = contract_.columns[i];
    std::vector<std::string> paths;
    if (columns_[i].request >= 0) {
      const auto& request = projection_.fields[static_cast<size_t>(columns_[i].request)];
      if (!request.optional) paths.push_back(request.path);
    } else if (columns_[i].expression) {
      if (!column.optional) paths = columns_[i].expression->columns();
      arrow::FieldVector fields;
      bool complete = true;
      for (const std::string& name : columns_[i].expression->columns()) {
        const std::vector<int> found = file_schema.GetAllFieldIndices(name);
        complete &= !found.empty();
        if (!found.empty()) fields.push_back(file_schema.field(found.front()));
      }
      const auto type = columns_[i].expression->TypeCheck(*arrow::schema(fields));
      if (complete && !type.ok()) {
        const SourceSpan& span = FromOf(column, source_)->span;
        for (const Diagnostic& problem : DiagnosticsOf(type.status())) {
          problems.push_back(
              PlacedInExpression(problem, column.name, span.known() ? span : column.span));
        }
      }
    }
    for (const std::string& path : paths) {
      if (!has(path) && reported.insert(path).second)
        problems.push_back(MissingColumnProblem(column, path, names));
    }
  }
  if (contract_.unknown_columns != UnknownColumns::kDrop) {
    for (const std::string& name : UnknownColumnsOf(contract_, source_, file_schema)) {
      Diagnostic problem;
      problem.code = ErrorCode::kUnknownColumn;
      problem.message =
          contract_.unknown_columns == UnknownColumns::kFail
              ? "the file has the column `" + name + "`, which the contract does not know"
              : "the file has the column `" + name + "`, which planning did not find";
      problem.suggestion = "declare it, or set unknown_columns: drop";
      problems.push_back(std::move(problem));
    }
  }
  return problems.empty() ? Status::OK() : MakeError(std::move(problems));
}

Result<ColumnState> ContractBinding::ApplyColumn(size_t index, const io::RawBatch& batch) const {
  const BoundColumn& bound = columns_[index];
  ColumnState state;
  ArrayPtr input;
  std::vector<int64_t> failed;
  const auto fail = [&](int64_t row, std::string rule, std::string detail) {
    if (state.reader_rules.emplace(row, std::make_pair(std::move(rule), std::move(detail)))
            .second) {
      failed.push_back(row);
    }
  };
  if (bound.request >= 0) {
    input = batch.columns->column(bound.request);
    for (const io::CellError& error : batch.cell_errors) {
      if (error.column == bound.request) fail(error.row, error.rule, error.value);
    }
  } else if (bound.constant) {
    ARROW_ASSIGN_OR_RAISE(input,
                          arrow::MakeArrayFromScalar(*bound.constant, batch.columns->num_rows()));
  } else {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const std::string& name : bound.expression->columns()) {
      for (size_t i = 0; i < projection_.fields.size(); ++i) {
        if (projection_.fields[i].path != name || projection_.fields[i].wants_json) continue;
        arrays.push_back(batch.columns->column(static_cast<int>(i)));
        fields.push_back(arrow::field(name, arrays.back()->type()));
        for (const io::CellError& error : batch.cell_errors) {
          if (error.column == static_cast<int>(i)) fail(error.row, error.rule, error.value);
        }
      }
    }
    const auto columns = arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                                  batch.columns->num_rows(), std::move(arrays));
    ARROW_ASSIGN_OR_RAISE(expr::Evaluation evaluation, bound.expression->Evaluate(*columns));
    input = evaluation.values;
    for (expr::RowError& error : evaluation.errors) fail(error.row, error.rule, error.message);
    std::sort(failed.begin(), failed.end());
  }
  ARROW_ASSIGN_OR_RAISE(state.outcome, bound.rule->Apply(input, failed));
  return state;
}

std::string ContractBinding::RuleWord(const ColumnState& state, const Violation& violation) const {
  if (violation.check != Check::kReader) return RuleOf(violation.check);
  return state.reader_rules.at(violation.row).first;
}

// The first row that on_error: fail lets end the run, for its first such column in contract order:
// the same one however the file was cut into chunks.
std::optional<Reject> ContractBinding::FindFailure(const io::RawBatch& batch,
                                                   const io::Chunk& chunk,
                                                   const std::vector<ColumnState>& states) const {
  std::vector<std::pair<size_t, const Violation*>> first;
  for (size_t i = 0; i < states.size(); ++i) {
    const std::vector<Violation>& violations = states[i].outcome.violations;
    if (violations.empty() || contract_.columns[i].on_error != OnError::kFail) continue;
    if (!first.empty() && first[0].second->row <= violations.front().row) continue;
    first = {{i, &violations.front()}};
  }
  if (first.empty()) return std::nullopt;
  return MakeReject(batch, chunk, first[0].second->row, first, states);
}

Status ContractBinding::SetNulls(const io::RawBatch& batch, std::vector<ColumnState>* states,
                                 std::vector<NulledValues>* nulled) const {
  // Only rows that stay are counted: one that is rejected anyway loses no value.
  std::vector<bool> rejected(static_cast<size_t>(batch.columns->num_rows()));
  for (size_t i = 0; i < states->size(); ++i) {
    if (contract_.columns[i].on_error != OnError::kReject) continue;
    for (const Violation& v : (*states)[i].outcome.violations)
      rejected[static_cast<size_t>(v.row)] = true;
  }
  for (size_t i = 0; i < states->size(); ++i) {
    ColumnState& state = (*states)[i];
    if (contract_.columns[i].on_error != OnError::kSetNull || state.outcome.violations.empty())
      continue;
    std::map<std::string, int64_t> counts;
    std::vector<bool> broken(rejected.size());
    for (const Violation& v : state.outcome.violations) {
      broken[static_cast<size_t>(v.row)] = true;
      if (!rejected[static_cast<size_t>(v.row)]) ++counts[RuleWord(state, v)];
    }
    for (const auto& [rule, rows] : counts) nulled->push_back({static_cast<int>(i), rule, rows});
    state.outcome.violations.clear();
    arrow::BooleanBuilder builder;
    ARROW_RETURN_NOT_OK(builder.AppendValues(broken));
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr mask, builder.Finish());
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum values,
                          cp::IfElse(mask, arrow::MakeNullScalar(state.outcome.values->type()),
                                     state.outcome.values));
    state.outcome.values = values.make_array();
  }
  return Status::OK();
}

Reject ContractBinding::MakeReject(const io::RawBatch& batch, const io::Chunk& chunk, int64_t row,
                                   const std::vector<std::pair<size_t, const Violation*>>& failed,
                                   const std::vector<ColumnState>& states) const {
  const auto& [index, violation] = failed.front();
  const ColumnState& state = states[index];
  const ColumnRule& rule = *columns_[index].rule;
  const Column& column = contract_.columns[index];
  Reject reject = RejectOfRow(batch, chunk, row);
  reject.rule = RuleWord(state, *violation);
  reject.column = column.name;
  reject.threshold = rule.ThresholdOf(violation->check);
  reject.message = rule.MessageOf(*violation, state.outcome);
  if (violation->check == Check::kReader) {
    const std::string& detail = state.reader_rules.at(row).second;
    if (columns_[index].expression) {
      reject.message += ": " + detail;  // names the expression's part, never a value
    } else if (!column.sensitive) {
      reject.value = ShownValue(detail);
    }
  } else if (!column.sensitive) {
    reject.value = ShownValue(*state.outcome.read, row);
  }
  for (size_t i = 1; i < failed.size(); ++i) {
    const size_t other = failed[i].first;
    reject.message += (i == 1 ? "; so do `" : ", `") + contract_.columns[other].name + "` (" +
                      RuleWord(states[other], *failed[i].second) + ")";
  }
  return reject;
}

// What MakeReject leaves out of a reject at a sensitive column.
std::string ContractBinding::SensitiveValue(const ColumnState& state, const Violation& violation,
                                            bool is_expression) {
  if (violation.check != Check::kReader) return WholeValue(*state.outcome.read, violation.row);
  return is_expression ? "" : state.reader_rules.at(violation.row).second;
}

Result<CheckedBatch> ContractBinding::Apply(const io::RawBatch& batch,
                                            const io::Chunk& chunk) const {
  const int64_t rows = batch.columns->num_rows();
  std::vector<ColumnState> states;
  for (size_t i = 0; i < columns_.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(ColumnState state, ApplyColumn(i, batch));
    states.push_back(std::move(state));
  }
  CheckedBatch checked;
  checked.failure = FindFailure(batch, chunk, states);
  if (checked.failure) return checked;
  ARROW_RETURN_NOT_OK(SetNulls(batch, &states, &checked.nulled));

  // Row -> its failing columns in contract order.
  std::map<int64_t, std::vector<std::pair<size_t, const Violation*>>> failed;
  for (size_t i = 0; i < states.size(); ++i) {
    for (const Violation& v : states[i].outcome.violations) failed[v.row].emplace_back(i, &v);
  }
  arrow::ArrayVector arrays;
  for (const ColumnState& state : states) arrays.push_back(state.outcome.values);
  checked.rows = arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
  if (failed.empty() && !batch.record_of_row.empty()) {
    checked.record_of_row = batch.record_of_row;
    return checked;
  }
  checked.record_of_row.reserve(static_cast<size_t>(rows) - failed.size());
  auto next = failed.begin();
  for (int64_t row = 0; row < rows; ++row) {
    if (next != failed.end() && next->first == row) {
      checked.rejects.push_back(MakeReject(batch, chunk, row, next->second, states));
      const auto& [column, violation] = next->second.front();
      if (contract_.columns[column].sensitive) {
        checked.sensitive_values[checked.rejects.back().record] =
            SensitiveValue(states[column], *violation, columns_[column].expression.has_value());
      }
      ++next;
    } else {
      checked.record_of_row.push_back(static_cast<uint32_t>(batch.RecordOfRow(row)));
    }
  }
  if (failed.empty()) return checked;
  std::vector<bool> keep(static_cast<size_t>(rows), true);
  for (const auto& [row, columns] : failed) keep[static_cast<size_t>(row)] = false;
  arrow::BooleanBuilder builder;
  ARROW_RETURN_NOT_OK(builder.AppendValues(keep));
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr mask, builder.Finish());
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum kept, cp::Filter(checked.rows, mask));
  checked.rows = kept.record_batch();
  return checked;
}

}  // namespace

Result<std::unique_ptr<Binding>> Bind(const Contract& contract, const std::string& source_name) {
  auto binding = std::make_unique<ContractBinding>(contract);
  ARROW_RETURN_NOT_OK(binding->Prepare(source_name));
  return std::unique_ptr<Binding>(std::move(binding));
}

}  // namespace millrace::contract
