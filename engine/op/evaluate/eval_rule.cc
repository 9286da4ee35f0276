// eval_rule: whether an expression is true of a row, said and not acted on.
#include <arrow/builder.h>

#include "op/operator_list.h"

namespace millrace::op {
namespace {

class RuleEvaluator : public Evaluator {
 public:
  RuleEvaluator(expr::Expression expression, std::vector<std::string> reads, std::string message,
                arrow::FieldVector adds)
      : Evaluator(std::move(reads), std::move(adds)),
        expression_(std::move(expression)),
        message_(std::move(message)) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    ARROW_ASSIGN_OR_RAISE(const expr::Evaluation found, expression_.Evaluate(rows));
    const bool never = found.values->type_id() == arrow::Type::NA;
    arrow::BooleanBuilder pass;
    arrow::StringBuilder message;
    ARROW_RETURN_NOT_OK(pass.Reserve(rows.num_rows()));
    size_t next = 0;
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (next < found.errors.size() && found.errors[next].row == row) {
        pass.UnsafeAppend(false);
        ARROW_RETURN_NOT_OK(message.Append(found.errors[next++].message));
      } else if (never || found.values->IsNull(row)) {
        pass.UnsafeAppendNull();
        ARROW_RETURN_NOT_OK(message.AppendNull());
      } else {
        const bool good = static_cast<const arrow::BooleanArray&>(*found.values).Value(row);
        pass.UnsafeAppend(good);
        ARROW_RETURN_NOT_OK(good ? message.AppendNull() : message.Append(message_));
      }
    }
    arrow::ArrayVector columns(2);
    ARROW_ASSIGN_OR_RAISE(columns[0], pass.Finish());
    ARROW_ASSIGN_OR_RAISE(columns[1], message.Finish());
    return columns;
  }

 private:
  expr::Expression expression_;
  std::string message_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const auto expression = request.PredicateOf("expr");
  arrow::FieldVector adds = {request.NewFinding("pass", arrow::boolean()),
                             request.NewFinding("message", arrow::utf8())};
  if (!expression || !request.ready()) return nullptr;
  std::string message = request.parameters().Text("message");
  if (message.empty()) message = "not true: " + expression->text();
  return std::make_shared<RuleEvaluator>(*expression, expression->ColumnsOf(*request.columns()),
                                         std::move(message), std::move(adds));
}

}  // namespace

OperatorType EvalRule() {
  OperatorType type;
  type.name = "eval_rule";
  type.kind = Kind::kEvaluator;
  type.doc =
      "Says of each row whether an expression is true of it. A row for which it cannot be computed "
      "does not pass, and the message says why.";
  type.columns_doc =
      "findings `pass` (null where the expression is null) and `message` (null where it passes), "
      "called `eval.<id>_pass` and `eval.<id>_message`";
  type.parameters = {{.key = "expr",
                      .type = FieldType::kText,
                      .doc = "The expression (docs/expressions.md).",
                      .required = true},
                     {.key = "message",
                      .type = FieldType::kTitle,
                      .doc = "What to say of a row that does not pass; if absent the expression."}};
  type.example = R"({id: long, type: eval_rule, expr: "length(text) >= 200", message: too short})";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
