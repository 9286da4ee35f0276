#include "op/refine/text_refiner.h"

#include <arrow/builder.h>

namespace millrace::op {

RowFailure TooLong(int64_t row) {
  return {row, "text.too_long",
          "the text would be longer than " + std::to_string(kRewrittenBytesMax >> 20) + " MiB"};
}

TextRefiner::TextRefiner(const std::shared_ptr<arrow::Schema>& columns, int column)
    : Refiner({columns->field(column)->name()}, {columns->field(column)->name()}, columns),
      column_(column) {}

bool TextRefiner::AllStay(std::string_view) const { return false; }

Result<Refined> TextRefiner::Refine(const arrow::RecordBatch& rows, RowFailures* failures) const {
  const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(column_));
  Refined refined;
  const auto same = [&] {
    refined.rows = arrow::RecordBatch::Make(output(), rows.num_rows(), rows.columns());
    return refined;
  };
  const int64_t count = texts.length();
  if (count == 0) return same();
  const int32_t begin = texts.value_offset(0);
  const int32_t bytes = texts.value_offset(count) - begin;
  const std::string_view all(
      bytes == 0 ? "" : reinterpret_cast<const char*>(texts.value_data()->data()) + begin,
      static_cast<size_t>(bytes));
  if (AllStay(all)) return same();

  std::vector<bool> changed(static_cast<size_t>(count));
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(count));
  ARROW_RETURN_NOT_OK(builder.ReserveData(bytes));
  std::string text;
  int64_t copied = 0;  // rows that the builder has
  const auto copy_until = [&](int64_t row) {
    return copied == row
               ? Status::OK()
               : builder.AppendArraySlice(arrow::ArraySpan(*texts.data()), copied, row - copied);
  };
  for (int64_t row = 0; row < count; ++row) {
    if (texts.IsNull(row)) continue;
    const std::string_view before = texts.GetView(row);
    text.clear();
    if (!Rewrite(before, &text) || text == before) continue;
    ARROW_RETURN_NOT_OK(copy_until(row));
    copied = row + 1;
    if (text.size() > kRewrittenBytesMax) {
      failures->push_back(TooLong(row));
      text.clear();
    }
    ARROW_RETURN_NOT_OK(builder.Append(text));
    changed[static_cast<size_t>(row)] = true;
  }
  if (copied == 0) return same();
  ARROW_RETURN_NOT_OK(copy_until(count));
  arrow::ArrayVector columns = rows.columns();
  ARROW_ASSIGN_OR_RAISE(columns[static_cast<size_t>(column_)], builder.Finish());
  arrow::BooleanBuilder marks;
  ARROW_RETURN_NOT_OK(marks.AppendValues(changed));
  ARROW_RETURN_NOT_OK(marks.Finish(&refined.changed));
  refined.rows = arrow::RecordBatch::Make(output(), rows.num_rows(), std::move(columns));
  return refined;
}

}  // namespace millrace::op
