// eval_agreement: whether several labels of a row say the same.
#include <arrow/builder.h>

#include "contract/contract.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

class AgreementEvaluator : public Evaluator {
 public:
  AgreementEvaluator(std::vector<std::string> names, expr::Expression expression,
                     arrow::FieldVector adds)
      : Evaluator(std::move(names), std::move(adds)), expression_(std::move(expression)) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    ARROW_ASSIGN_OR_RAISE(const expr::Evaluation found, expression_.Evaluate(rows));
    MILLRACE_CHECK(found.errors.empty());
    return arrow::ArrayVector{found.values};
  }

 private:
  expr::Expression expression_;
};

std::string Quoted(const std::string& name) {
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? "``" : std::string(1, c);
  return quoted + '`';
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const ConfigValue* fields = request.parameters().Find("fields");
  const bool normalize = request.parameters().Bool("normalize");
  arrow::FieldVector adds = {request.NewFinding("agree", arrow::boolean())};
  if (fields == nullptr || request.columns() == nullptr) return nullptr;
  std::vector<std::string> names;
  std::shared_ptr<arrow::DataType> type;
  for (const ConfigValue& field : fields->items) {
    const int at = request.Column(field);
    if (at < 0) continue;
    const auto& own = request.columns()->field(at)->type();
    if (normalize && own->id() != arrow::Type::STRING) {
      request.Report(field, ErrorCode::kBadValue,
                     "`" + field.text + "` is " + contract::TypeText(*own) +
                         ", and only texts can be normalized");
    } else if (type != nullptr && !type->Equals(*own)) {
      request.Report(field, ErrorCode::kBadValue,
                     "`" + field.text + "` is " + contract::TypeText(*own) + ", but `" +
                         names.front() + "` is " + contract::TypeText(*type));
    }
    if (type == nullptr) type = own;
    names.push_back(field.text);
  }
  if (!request.ready()) return nullptr;
  std::string text;
  for (size_t i = 1; i < names.size(); ++i) {
    const auto value = [&](const std::string& name) {
      return normalize ? "lower(trim(" + Quoted(name) + "))" : Quoted(name);
    };
    text += (i > 1 ? " and " : "") + value(names[0]) + " = " + value(names[i]);
  }
  auto expression = expr::Expression::Parse(text);
  if (!expression.ok() || !expression->TypeCheck(*request.columns()).ok()) {
    request.Report("fields", ErrorCode::kBadValue,
                   "values of type " + contract::TypeText(*type) + " cannot be compared");
    return nullptr;
  }
  return std::make_shared<AgreementEvaluator>(std::move(names), *std::move(expression),
                                              std::move(adds));
}

}  // namespace

OperatorType EvalAgreement() {
  OperatorType type;
  type.name = "eval_agreement";
  type.kind = Kind::kEvaluator;
  type.doc = "Says of each row whether two or more labels of it are the same.";
  type.columns_doc =
      "a finding `agree`, called `eval.<id>_agree`; where a label is null, it is false if others "
      "differ, else null";
  type.parameters = {{.key = "fields",
                      .type = FieldType::kTexts,
                      .doc = "The columns with the labels, all of one type.",
                      .required = true,
                      .min = 2,
                      .max = 16},
                     {.key = "normalize",
                      .type = FieldType::kBool,
                      .doc = "Compare texts in lower case and without white space at both ends.",
                      .fallback = "false"}};
  type.example = "{id: labels, type: eval_agreement, fields: [label_ann, label_bob]}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
