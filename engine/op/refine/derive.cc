// derive: a column from an expression.
#include <arrow/builder.h>

#include <algorithm>

#include "base/reserved_columns.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

class DeriveRefiner : public Refiner {
 public:
  DeriveRefiner(expr::Expression expression, std::vector<std::string> reads,
                const std::string& column, std::shared_ptr<arrow::Schema> output, bool replaces)
      : Refiner(std::move(reads), {column}, std::move(output)),
        expression_(std::move(expression)),
        at_(output_at(column)),
        replaces_(replaces) {}

  Result<Refined> Refine(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    ARROW_ASSIGN_OR_RAISE(const expr::Evaluation found, expression_.Evaluate(rows));
    for (const expr::RowError& e : found.errors) failures->push_back({e.row, e.rule, e.message});
    auto columns = rows.columns();
    Refined refined;
    if (!replaces_) {
      columns.insert(columns.begin() + at_, found.values);
    } else {
      ARROW_ASSIGN_OR_RAISE(refined.changed,
                            Differing(*columns[static_cast<size_t>(at_)], *found.values));
      columns[static_cast<size_t>(at_)] = found.values;
    }
    refined.rows = arrow::RecordBatch::Make(output(), rows.num_rows(), std::move(columns));
    return refined;
  }

 private:
  int output_at(const std::string& column) const { return output()->GetFieldIndex(column); }

  static Result<std::shared_ptr<arrow::BooleanArray>> Differing(const arrow::Array& before,
                                                                const arrow::Array& after) {
    arrow::BooleanBuilder changed;
    ARROW_RETURN_NOT_OK(changed.Reserve(after.length()));
    const bool same_type = before.type()->Equals(*after.type());
    for (int64_t row = 0; row < after.length(); ++row) {
      changed.UnsafeAppend(!same_type || !before.RangeEquals(after, row, row + 1, row));
    }
    std::shared_ptr<arrow::BooleanArray> array;
    ARROW_RETURN_NOT_OK(changed.Finish(&array));
    return array;
  }

  expr::Expression expression_;
  int at_;
  bool replaces_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  std::shared_ptr<arrow::DataType> type;
  auto expression = request.ExpressionOf("expr", &type);
  const ConfigValue* column = request.parameters().Find("column");
  if (column != nullptr &&
      (column->text.empty() || column->text.size() > 256 ||
       column->text.find('.') != std::string::npos || IsReservedColumn(column->text))) {
    request.Report(
        "column", ErrorCode::kBadValue,
        "a column's name has 1 to 256 bytes, no dot, and does not begin with `__fdf__/`");
  }
  if (!expression || column == nullptr || !request.ready()) return nullptr;
  if (type->id() == arrow::Type::NA) {
    request.Report("expr", ErrorCode::kBadExpression, "the expression is always null",
                   "give it a type, for example `text(null)`");
    return nullptr;
  }
  const arrow::Schema& input = *request.columns();
  std::vector<int> from;
  auto reads = expression->ColumnsOf(input);
  for (const std::string& name : reads) from.push_back(input.GetFieldIndex(name));
  const auto field = MarkSensitive(arrow::field(column->text, type), request.IsSensitive(from));
  arrow::FieldVector fields = input.fields();
  const int at = input.GetFieldIndex(column->text);
  if (at >= 0) {
    fields[static_cast<size_t>(at)] = field;
  } else {
    // Behind the last of the user's own columns.
    const auto own_end = std::find_if(fields.begin(), fields.end(), [](const auto& f) {
      return IsReservedColumn(f->name()) || f->name().find('.') != std::string::npos;
    });
    fields.insert(own_end, field);
  }
  return std::make_shared<DeriveRefiner>(*std::move(expression), std::move(reads), column->text,
                                         arrow::schema(std::move(fields)), at >= 0);
}

}  // namespace

OperatorType Derive() {
  OperatorType type;
  type.name = "derive";
  type.kind = Kind::kRefiner;
  type.doc =
      "Sets a column to the value of an expression. A row whose value cannot be computed is "
      "rejected; `try(x)` makes it null instead.";
  type.columns_doc = "the column that it is told to set";
  type.parameters = {{.key = "column",
                      .type = FieldType::kText,
                      .doc = "The column to set; a new one comes last.",
                      .required = true},
                     {.key = "expr",
                      .type = FieldType::kText,
                      .doc = "The expression (docs/expressions.md).",
                      .required = true}};
  type.example = R"yaml({id: size, type: derive, column: chars, expr: "length(trim(text))"})yaml";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
