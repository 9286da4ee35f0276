#include "op/row_selection.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <cstring>
#include <limits>
#include <vector>

namespace millrace::op {
namespace {

// Whatever the process's own is: others take pages of two megabytes for buffers of a few, and give
// them back soon, which is a tenth of the time of a run.
arrow::MemoryPool* Pool() { return arrow::system_memory_pool(); }

/// Neighbouring rows that are selected together: they are copied at once.
struct Run {
  int64_t begin = 0, count = 0;
};
using Runs = std::vector<Run>;

void Select(int64_t row, Runs* runs) {
  if (runs->empty() || runs->back().begin + runs->back().count != row) runs->push_back({row, 0});
  ++runs->back().count;
}

Runs RunsOf(const arrow::BooleanArray& keep) {
  Runs runs;
  for (int64_t row = 0; row < keep.length(); ++row) {
    if (keep.Value(row)) Select(row, &runs);
  }
  return runs;
}

Runs RunsOf(const arrow::Int64Array& indices) {
  Runs runs;
  for (int64_t i = 0; i < indices.length(); ++i) Select(indices.Value(i), &runs);
  return runs;
}

int64_t CountRows(const Runs& runs) {
  int64_t rows = 0;
  for (const Run& run : runs) rows += run.count;
  return rows;
}

// Null when they do not fit one array.
template <typename TextArray>
Result<std::shared_ptr<arrow::Array>> SelectTexts(const TextArray& texts, const Runs& runs) {
  using Offset = typename TextArray::offset_type;
  const Offset* from = texts.raw_value_offsets();
  const int64_t rows = CountRows(runs);
  int64_t bytes = 0;
  for (const Run& run : runs) bytes += from[run.begin + run.count] - from[run.begin];
  if (bytes > std::numeric_limits<Offset>::max()) return nullptr;
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> offsets,
      arrow::AllocateBuffer((rows + 1) * static_cast<int64_t>(sizeof(Offset)), Pool()));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(bytes, Pool()));
  auto* ends = reinterpret_cast<Offset*>(offsets->mutable_data());
  uint8_t* to = values->mutable_data();
  *ends = 0;
  for (const Run& run : runs) {
    const Offset begin = from[run.begin], shift = *ends - begin;
    for (int64_t row = run.begin; row < run.begin + run.count; ++row) {
      *++ends = from[row + 1] + shift;
    }
    const auto size = static_cast<size_t>(from[run.begin + run.count] - begin);
    if (size > 0) std::memcpy(to, texts.raw_data() + begin, size);
    to += size;
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      texts.type(), rows, {nullptr, std::move(offsets), std::move(values)}, /*null_count=*/0));
}

// Null of columns that are not texts, and of those with nulls: under a null may lie what nobody is
// to see.
Result<std::shared_ptr<arrow::Array>> SelectTexts(const arrow::Array& column, const Runs& runs) {
  if (column.null_count() > 0) return nullptr;
  switch (column.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return SelectTexts(static_cast<const arrow::BinaryArray&>(column), runs);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return SelectTexts(static_cast<const arrow::LargeBinaryArray&>(column), runs);
    default:
      return nullptr;
  }
}

/// `select`: gives the same rows of columns that are not texts.
template <typename Select>
Result<std::shared_ptr<arrow::RecordBatch>> SelectRows(const arrow::RecordBatch& rows,
                                                       const Runs& runs, const Select& select) {
  arrow::ArrayVector columns, others;
  arrow::FieldVector fields;
  for (int i = 0; i < rows.num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), SelectTexts(*rows.column(i), runs));
    if (columns.back() != nullptr) continue;
    others.push_back(rows.column(i));
    fields.push_back(rows.schema()->field(i));
  }
  if (!others.empty()) {
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum selected,
                          select(arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                                          rows.num_rows(), std::move(others))));
    int next = 0;
    for (auto& column : columns) {
      if (column == nullptr) column = selected.record_batch()->column(next++);
    }
  }
  return arrow::RecordBatch::Make(rows.schema(), CountRows(runs), std::move(columns));
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> KeepRows(const arrow::RecordBatch& rows,
                                                     const arrow::BooleanArray& keep) {
  return SelectRows(rows, RunsOf(keep), [&](const auto& others) {
    arrow::compute::ExecContext context(Pool());
    return arrow::compute::Filter(others, arrow::Datum(keep.data()),
                                  arrow::compute::FilterOptions::Defaults(), &context);
  });
}

Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(const arrow::RecordBatch& rows,
                                                     const arrow::Int64Array& indices) {
  return SelectRows(rows, RunsOf(indices), [&](const auto& others) {
    arrow::compute::ExecContext context(Pool());
    return arrow::compute::Take(others, arrow::Datum(indices.data()),
                                arrow::compute::TakeOptions::Defaults(), &context);
  });
}

}  // namespace millrace::op
