#include "export/prompts/row_values.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include "export/json_rows.h"

namespace millrace::exporting {
namespace {

template <typename ListArray>
Result<std::shared_ptr<arrow::Array>> Joined(const ListArray& lists, const std::string& separator) {
  ARROW_ASSIGN_OR_RAISE(const JsonColumn elements, JsonColumn::Make(lists.values()));
  arrow::StringBuilder builder;
  std::string text;
  for (int64_t row = 0; row < lists.length(); ++row) {
    if (lists.IsNull(row)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    text.clear();
    const int64_t first = lists.value_offset(row), end = first + lists.value_length(row);
    for (int64_t i = first; i < end; ++i) {
      if (i > first) text += separator;
      elements.AppendText(i, &text);
    }
    ARROW_RETURN_NOT_OK(builder.Append(text));
  }
  return builder.Finish();
}

Result<std::shared_ptr<arrow::Array>> InWords(const std::shared_ptr<arrow::Array>& values,
                                              expr::TemplateValue::Form form) {
  const bool as_json = form == expr::TemplateValue::Form::kJson;
  if (!as_json && values->type_id() == arrow::Type::STRING) return values;
  ARROW_ASSIGN_OR_RAISE(const JsonColumn column, JsonColumn::Make(values));
  arrow::StringBuilder builder;
  std::string text;
  for (int64_t row = 0; row < values->length(); ++row) {
    if (!as_json && values->IsNull(row)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    text.clear();
    as_json ? column.AppendJson(row, &text) : column.AppendText(row, &text);
    ARROW_RETURN_NOT_OK(builder.Append(text));
  }
  return builder.Finish();
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> RowValues::Texts(const expr::TemplateValue& value) const {
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Array> array, expr::ArrayOf(rows_, value));
  if (value.form != expr::TemplateValue::Form::kJoined) return InWords(array, value.form);
  if (array->type_id() == arrow::Type::LARGE_LIST) {
    return Joined(static_cast<const arrow::LargeListArray&>(*array), value.separator);
  }
  return Joined(static_cast<const arrow::ListArray&>(*array), value.separator);
}

}  // namespace millrace::exporting
