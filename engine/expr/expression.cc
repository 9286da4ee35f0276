#include "expr/expression.h"

#include <arrow/array/util.h>

#include <algorithm>

#include "expr/column_path.h"
#include "expr/evaluate.h"
#include "expr/lexer.h"
#include "expr/syntax.h"
#include "expr/type_check.h"

namespace millrace::expr {

struct Expression::State {
  std::string text;
  std::unique_ptr<Node> root;
  std::vector<std::string> columns;
};

namespace {

void CollectColumns(const Node& node, std::vector<std::string>* columns) {
  if (node.kind == NodeKind::kColumn &&
      std::find(columns->begin(), columns->end(), node.name) == columns->end()) {
    columns->push_back(node.name);
  }
  for (const auto& argument : node.arguments) CollectColumns(*argument, columns);
}

}  // namespace

Result<Expression> Expression::Parse(const std::string& text) {
  auto state = std::make_shared<State>();
  state->text = text;
  ARROW_ASSIGN_OR_RAISE(state->root, ParseExpression(text));
  CollectColumns(*state->root, &state->columns);
  Expression expression;
  expression.state_ = std::move(state);
  return expression;
}

const std::string& Expression::text() const { return state_->text; }
const std::vector<std::string>& Expression::columns() const { return state_->columns; }

std::vector<std::string> Expression::ColumnsOf(const arrow::Schema& schema) const {
  std::vector<std::string> columns;
  for (const std::string& name : state_->columns) {
    const auto path = ColumnPath::Find(schema, name);
    if (!path) continue;
    const std::string& column = schema.field(path->column())->name();
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
      columns.push_back(column);
    }
  }
  return columns;
}

Result<std::shared_ptr<arrow::DataType>> Expression::TypeCheck(const arrow::Schema& schema) const {
  std::vector<Diagnostic> problems;
  const Type type = CheckTypes(state_->text, *state_->root, schema, &problems);
  if (!problems.empty()) return MakeError(std::move(problems));
  return ArrowTypeOf(type);
}

Status Expression::CheckPredicate(const arrow::Schema& schema) const {
  ARROW_ASSIGN_OR_RAISE(const auto type, TypeCheck(schema));
  if (type->id() == arrow::Type::BOOL) return Status::OK();
  return MakeError({ExpressionProblem(state_->text, 0, state_->text.size(),
                                      "this is not true or false", "compare it with something")});
}

Result<Evaluation> Expression::Evaluate(const arrow::RecordBatch& batch) const {
  ARROW_ASSIGN_OR_RAISE(const auto type, TypeCheck(*batch.schema()));
  ARROW_ASSIGN_OR_RAISE(auto evaluation, EvaluateNode(state_->text, *state_->root, batch));
  if (evaluation.values->type_id() == arrow::Type::NA && type->id() != arrow::Type::NA) {
    ARROW_ASSIGN_OR_RAISE(evaluation.values, arrow::MakeArrayOfNull(type, batch.num_rows()));
  }
  return evaluation;
}

}  // namespace millrace::expr
