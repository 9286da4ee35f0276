// where: keeps the rows an expression is true of.
#include <arrow/builder.h>
#include <arrow/compute/api.h>

#include "contract/value_text.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

enum : uint8_t { kFalse, kNull };

class WhereFilter : public Filter {
 public:
  WhereFilter(expr::Expression expression, std::vector<std::string> shown)
      : Filter(expression.columns(),
               {{"where.false", "", expression.text(), "the expression is not true of the row"},
                {"where.null", "", expression.text(), "the expression is null for the row"}}),
        expression_(std::move(expression)),
        shown_(std::move(shown)) {}

  Result<Verdict> Judge(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    ARROW_ASSIGN_OR_RAISE(const expr::Evaluation found, expression_.Evaluate(rows));
    for (const expr::RowError& e : found.errors) failures->push_back({e.row, e.rule, e.message});
    Verdict verdict;
    verdict.reason.assign(static_cast<size_t>(rows.num_rows()), kFalse);
    if (found.values->null_count() == 0) {
      verdict.keep = std::static_pointer_cast<arrow::BooleanArray>(found.values);
      return verdict;
    }
    if (found.values->type_id() == arrow::Type::NA) {
      verdict.reason.assign(static_cast<size_t>(rows.num_rows()), kNull);
      ARROW_ASSIGN_OR_RAISE(const auto none, arrow::MakeArrayFromScalar(arrow::BooleanScalar(false),
                                                                        rows.num_rows()));
      verdict.keep = std::static_pointer_cast<arrow::BooleanArray>(none);
      return verdict;
    }
    const auto& values = static_cast<const arrow::BooleanArray&>(*found.values);
    arrow::BooleanBuilder keep;
    ARROW_RETURN_NOT_OK(keep.Reserve(values.length()));
    for (int64_t row = 0; row < values.length(); ++row) {
      const bool null = values.IsNull(row);
      if (null) verdict.reason[static_cast<size_t>(row)] = kNull;
      keep.UnsafeAppend(!null && values.Value(row));
    }
    ARROW_RETURN_NOT_OK(keep.Finish(&verdict.keep));
    return verdict;
  }

  // "lang_label=fr, stats.words=12"
  Result<std::shared_ptr<arrow::Array>> Measured(const arrow::RecordBatch& dropped) const override {
    if (shown_.empty()) return nullptr;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const std::string& name : shown_) columns.push_back(dropped.GetColumnByName(name));
    arrow::StringBuilder texts;
    std::string text;
    for (int64_t row = 0; row < dropped.num_rows(); ++row) {
      text.clear();
      for (size_t i = 0; i < shown_.size(); ++i) {
        if (i > 0) text += ", ";
        text += shown_[i] + '=';
        if (columns[i]->IsNull(row)) {
          text += "null";
          continue;
        }
        const size_t begin = text.size();
        contract::AppendValueText(*columns[i], row, &text);
        if (text.size() - begin > kShownBytesMax) {
          const std::string cut = contract::ShortText(text.substr(begin));
          text.replace(begin, std::string::npos, cut);
        }
      }
      ARROW_RETURN_NOT_OK(texts.Append(text));
    }
    return texts.Finish();
  }

 private:
  static constexpr size_t kShownBytesMax = 64;

  expr::Expression expression_;
  std::vector<std::string> shown_;  // the columns it reads that may be shown
};

std::shared_ptr<const Operator> Make(const Request& request) {
  std::shared_ptr<arrow::DataType> type;
  auto expression = request.ExpressionOf("expr", &type);
  if (!expression || request.columns() == nullptr) return nullptr;
  if (type->id() != arrow::Type::BOOL && type->id() != arrow::Type::NA) {
    request.Report("expr", ErrorCode::kBadExpression,
                   "the expression must be true or false, but is " + type->ToString());
    return nullptr;
  }
  if (!request.ready()) return nullptr;
  std::vector<std::string> shown;
  for (const std::string& name : expression->columns()) {
    if (!IsSensitive(*request.columns()->GetFieldByName(name))) shown.push_back(name);
  }
  return std::make_shared<WhereFilter>(*std::move(expression), std::move(shown));
}

}  // namespace

OperatorType Where() {
  OperatorType type;
  type.name = "where";
  type.kind = Kind::kFilter;
  type.doc =
      "Keeps the rows that an expression is true of; where it is false or null, they are "
      "dropped.";
  type.parameters = {{.key = "expr",
                      .type = FieldType::kText,
                      .doc =
                          "The expression (docs/expressions.md). `id.measure` reads a measure of "
                          "an earlier instance.",
                      .required = true}};
  type.make = Make;
  return type;
}

}  // namespace millrace::op
