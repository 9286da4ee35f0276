// where: keeps the rows an expression is true of.
#include <arrow/builder.h>
#include <arrow/compute/api.h>

#include "contract/value_text.h"
#include "expr/column_path.h"
#include "op/operator_list.h"
#include "op/value_histogram.h"

namespace millrace::op {
namespace {

enum : uint8_t { kFalse, kNull };

/// A value that the expression reads, and what it is called there.
struct Shown {
  std::string name;
  expr::ColumnPath path;
};

class WhereFilter : public Filter {
 public:
  WhereFilter(expr::Expression expression, std::vector<std::string> reads, std::vector<Shown> shown,
              std::vector<std::string> measures)
      : Filter(std::move(reads),
               {{"where.false", "", expression.text(), "the expression is not true of the row"},
                {"where.null", "", expression.text(), "the expression is null for the row"}}),
        expression_(std::move(expression)),
        shown_(std::move(shown)),
        measures_(std::move(measures)) {}

  std::vector<std::string> Measures() const override { return measures_; }

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
    for (const Shown& shown : shown_) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), shown.path.In(dropped));
    }
    arrow::StringBuilder texts;
    std::string text;
    for (int64_t row = 0; row < dropped.num_rows(); ++row) {
      text.clear();
      for (size_t i = 0; i < shown_.size(); ++i) {
        if (i > 0) text += ", ";
        text += shown_[i].name + '=';
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
  std::vector<Shown> shown_;  // of what it reads what may be shown
  std::vector<std::string> measures_;
};

// Of what it reads the numbers that may be shown.
std::vector<std::string> MeasuresOf(const std::vector<std::string>& reads,
                                    const arrow::Schema& columns) {
  std::vector<std::string> measures;
  for (const std::string& name : reads) {
    const auto field = columns.GetFieldByName(name);
    if (measures.size() < Filter::kMeasuresMax && ValueHistogram::Takes(*field->type()) &&
        !IsSensitive(*field)) {
      measures.push_back(name);
    }
  }
  return measures;
}

std::shared_ptr<const Operator> Make(const Request& request) {
  auto expression = request.PredicateOf("expr");
  if (!expression || !request.ready()) return nullptr;
  const arrow::Schema& columns = *request.columns();
  std::vector<Shown> shown;
  for (const std::string& name : expression->columns()) {
    auto path = expr::ColumnPath::Find(columns, name);
    if (!IsSensitive(*columns.field(path->column()))) shown.push_back({name, *std::move(path)});
  }
  auto reads = expression->ColumnsOf(columns);
  auto measures = MeasuresOf(reads, columns);
  return std::make_shared<WhereFilter>(*std::move(expression), std::move(reads), std::move(shown),
                                       std::move(measures));
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
  type.example = R"({id: keep, type: where, expr: "lang = 'en' and stats.words >= 50"})";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
