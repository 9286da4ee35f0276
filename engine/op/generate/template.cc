// template: a text with holes, filled from the row.
#include <arrow/builder.h>

#include <map>
#include <tuple>

#include "base/reserved_columns.h"
#include "contract/value_text.h"
#include "expr/template_columns.h"
#include "op/operator_list.h"
#include "op/refine/text_refiner.h"

namespace millrace::op {
namespace {

using expr::TemplateValue;

void AppendText(const arrow::Array& values, int64_t row, std::string* out) {
  if (!values.IsNull(row)) contract::AppendValueText(values, row, out);
}

/// The values of a batch in words, each form once, and without the rows that would become too long.
class RowTexts : public expr::TemplateValues {
 public:
  /// Keeps the reference.
  explicit RowTexts(const arrow::RecordBatch& rows) : rows_(rows) {}

  /// Which rows the values of a template would fill with more than kRewrittenBytesMax.
  Result<std::vector<bool>> TooLong(const expr::Template& text) {
    std::vector<int64_t> bytes(static_cast<size_t>(rows_.num_rows()));
    for (const TemplateValue& value : text.values()) {
      ARROW_ASSIGN_OR_RAISE(const auto array, Texts(value));
      const auto& texts = static_cast<const arrow::StringArray&>(*array);
      for (int64_t row = 0; row < texts.length(); ++row) {
        bytes[static_cast<size_t>(row)] += texts.value_length(row);
      }
    }
    std::vector<bool> too_long(bytes.size());
    bool any = false;
    for (size_t row = 0; row < bytes.size(); ++row) {
      too_long[row] = bytes[row] > static_cast<int64_t>(kRewrittenBytesMax);
      any |= too_long[row];
    }
    if (any) ARROW_RETURN_NOT_OK(Empty(too_long));
    return too_long;
  }

  Result<std::shared_ptr<arrow::Array>> Texts(const TemplateValue& value) const override {
    auto& texts = texts_[{value.path, value.quoted, value.form, value.separator}];
    if (texts == nullptr) {
      ARROW_ASSIGN_OR_RAISE(texts, InWords(value));
    }
    return texts;
  }

 private:
  Result<std::shared_ptr<arrow::Array>> InWords(const TemplateValue& value) const {
    ARROW_ASSIGN_OR_RAISE(const auto values, expr::ArrayOf(rows_, value));
    const bool as_json = value.form == TemplateValue::Form::kJson;
    const bool joined = value.form == TemplateValue::Form::kJoined;
    if (value.form == TemplateValue::Form::kPlain && values->type_id() == arrow::Type::STRING) {
      return values;
    }
    arrow::StringBuilder builder;
    std::string text;
    for (int64_t row = 0; row < values->length(); ++row) {
      if (!as_json && values->IsNull(row)) {
        ARROW_RETURN_NOT_OK(builder.AppendNull());
        continue;
      }
      text.clear();
      if (as_json) {
        contract::AppendValueJson(*values, row, &text);
      } else if (joined) {
        AppendElements(*values, row, value.separator, &text);
      } else {
        AppendText(*values, row, &text);
      }
      ARROW_RETURN_NOT_OK(builder.Append(text));
    }
    return builder.Finish();
  }

  static void AppendElements(const arrow::Array& values, int64_t row, const std::string& separator,
                             std::string* out) {
    const auto append = [&](const auto& lists) {
      const int64_t first = lists.value_offset(row), end = first + lists.value_length(row);
      for (int64_t i = first; i < end; ++i) {
        if (i > first) *out += separator;
        AppendText(*lists.values(), i, out);
      }
    };
    if (values.type_id() == arrow::Type::LARGE_LIST) {
      append(static_cast<const arrow::LargeListArray&>(values));
    } else {
      append(static_cast<const arrow::ListArray&>(values));
    }
  }

  Status Empty(const std::vector<bool>& rows) {
    for (auto& [value, array] : texts_) {
      const auto& texts = static_cast<const arrow::StringArray&>(*array);
      arrow::StringBuilder builder;
      for (int64_t row = 0; row < texts.length(); ++row) {
        const bool leaves_out = texts.IsNull(row) || rows[static_cast<size_t>(row)];
        ARROW_RETURN_NOT_OK(leaves_out ? builder.AppendNull() : builder.Append(texts.GetView(row)));
      }
      ARROW_ASSIGN_OR_RAISE(array, builder.Finish());
    }
    return Status::OK();
  }

  using Key = std::tuple<std::string, bool, TemplateValue::Form, std::string>;
  const arrow::RecordBatch& rows_;
  mutable std::map<Key, std::shared_ptr<arrow::Array>> texts_;
};

class TemplateGenerator : public Generator {
 public:
  TemplateGenerator(expr::Template text, std::vector<std::string> reads,
                    std::shared_ptr<arrow::Field> field)
      : Generator(std::move(reads), {std::move(field)}, /*makes_rows=*/false),
        text_(std::move(text)) {}

  Result<Generated> Generate(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    RowTexts values(rows);
    ARROW_ASSIGN_OR_RAISE(const std::vector<bool> too_long, values.TooLong(text_));
    Generated made;
    ARROW_ASSIGN_OR_RAISE(const auto texts, text_.Render(values, rows.num_rows()));
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (too_long[static_cast<size_t>(row)] ||
          static_cast<size_t>(texts->value_length(row)) > kRewrittenBytesMax) {
        failures->push_back(TooLong(row));
      }
    }
    made.columns = {texts};
    return made;
  }

 private:
  expr::Template text_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const ConfigValue* column = request.parameters().Find("column");
  const ConfigValue* text = request.parameters().Find("template");
  if (column != nullptr &&
      (column->text.empty() || column->text.size() > 256 ||
       column->text.find('.') != std::string::npos || IsReservedColumn(column->text))) {
    request.Report(
        "column", ErrorCode::kBadValue,
        "a column's name has 1 to 256 bytes, no dot, and does not begin with `__fdf__/`");
  }
  if (column == nullptr || text == nullptr) return nullptr;
  const Result<expr::Template> parsed = expr::Template::Parse(text->text);
  if (!parsed.ok()) {
    for (const Diagnostic& d : DiagnosticsOf(parsed.status())) request.ReportInside(*text, d);
    return nullptr;
  }
  if (request.columns() == nullptr) return nullptr;
  const arrow::Schema& input = *request.columns();
  for (const Diagnostic& d : CheckTemplate(*parsed, input)) request.ReportInside(*text, d);
  if (!request.ready()) return nullptr;
  const std::vector<std::string> reads = ColumnsOf(*parsed, input);
  std::vector<int> from;
  for (const std::string& name : reads) from.push_back(input.GetFieldIndex(name));
  return std::make_shared<TemplateGenerator>(
      *parsed, reads,
      MarkSensitive(arrow::field(column->text, arrow::utf8()), request.IsSensitive(from)));
}

}  // namespace

OperatorType Template() {
  OperatorType type;
  type.name = "template";
  type.kind = Kind::kGenerator;
  type.doc =
      "Sets a text column to a template filled from the row: `{{ title | trim }} ({{ year }})`. A "
      "null is empty unless `default` gives it a text.";
  type.columns_doc = "the column that it is told to set";
  type.example =
      R"({id: prompt, type: template, column: prompt, template: "Question: {{ question }}"})";
  type.parameters = {{.key = "column",
                      .type = FieldType::kText,
                      .doc = "The column to set; a new one comes last.",
                      .required = true},
                     {.key = "template",
                      .type = FieldType::kText,
                      .doc = "The template (docs/prompts.md has the language and its filters).",
                      .required = true}};
  type.make = Make;
  return type;
}

}  // namespace millrace::op
