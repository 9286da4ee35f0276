#include "stage/chunk_task.h"

#include <algorithm>

#include "io/parquet/shard_writer.h"

namespace millrace::stage {
namespace {

std::string Number(int64_t number) { return std::to_string(number); }

// Both sides are sorted by record; the result is too.
std::vector<Reject> MergeRejects(std::vector<Reject> a, std::vector<Reject> b) {
  if (b.empty()) return a;
  const auto middle = static_cast<std::ptrdiff_t>(a.size());
  for (Reject& reject : b) a.push_back(std::move(reject));
  std::stable_sort(a.begin(), a.begin() + middle,
                   [](auto& x, auto& y) { return x.record < y.record; });
  std::inplace_merge(a.begin(), a.begin() + middle, a.end(),
                     [](const Reject& x, const Reject& y) { return x.record < y.record; });
  return a;
}

// Rows and rejects together must name every record of the chunk exactly once.
Status CheckAccounts(const ParsedChunk& parsed) {
  size_t row = 0, reject = 0;
  for (int64_t record = 0; record < parsed.records; ++record) {
    const bool is_row = row < parsed.record_of_row.size() && parsed.record_of_row[row] == record;
    const bool is_reject =
        reject < parsed.rejects.size() && parsed.rejects[reject].record == record;
    if (is_row == is_reject) {
      return MakeError(ErrorCode::kRowEquation,
                       "record " + Number(record) + " of a chunk is " +
                           (is_row ? "both written and rejected" : "lost"));
    }
    row += is_row;
    reject += is_reject;
  }
  if (row != parsed.record_of_row.size() || reject != parsed.rejects.size()) {
    return MakeError(ErrorCode::kRowEquation,
                     "a chunk of " + Number(parsed.records) + " records gave " +
                         Number(static_cast<int64_t>(parsed.record_of_row.size())) + " rows and " +
                         Number(static_cast<int64_t>(parsed.rejects.size())) + " rejects");
  }
  return Status::OK();
}

int64_t RawRowOf(const io::RawBatch& raw, uint32_t record) {
  if (raw.record_of_row.empty()) return record;
  const auto found = std::lower_bound(raw.record_of_row.begin(), raw.record_of_row.end(), record);
  return found - raw.record_of_row.begin();
}

// Most chunks lie between two multiples as a whole.
std::vector<RowMark> MarksOf(const io::RawBatch& raw, const io::Chunk& chunk,
                             const std::vector<uint32_t>& record_of_row, int64_t every) {
  std::vector<RowMark> marks;
  if (raw.extents.empty() || record_of_row.empty()) return marks;
  const auto mark_of = [&](size_t row) {
    const uint32_t record = record_of_row[row];
    const auto extent = raw.extents[static_cast<size_t>(RawRowOf(raw, record))];
    return RowMark{static_cast<int64_t>(row), record, chunk.byte_offset + extent.offset};
  };
  marks.push_back(mark_of(0));
  const int64_t last = mark_of(record_of_row.size() - 1).byte_offset / every;
  for (size_t row = 1; marks.back().byte_offset / every != last; ++row) {
    const RowMark mark = mark_of(row);
    if (mark.byte_offset / every != marks.back().byte_offset / every) marks.push_back(mark);
  }
  return marks;
}

}  // namespace

Result<ParsedChunk> ParseChunk(const io::RecordReader& reader, const contract::Binding& binding,
                               const io::Chunk& chunk, const ChunkWork& work) {
  ARROW_ASSIGN_OR_RAISE(io::RawBatch raw, reader.Parse(chunk));
  if (chunk.bytes && raw.bytes_accounted != chunk.bytes_size()) {
    return MakeError(ErrorCode::kRowEquation,
                     "of " + Number(chunk.bytes_size()) + " bytes of a chunk " +
                         Number(raw.bytes_accounted) + " are accounted for");
  }
  ARROW_ASSIGN_OR_RAISE(contract::CheckedBatch checked, binding.Apply(raw, chunk));
  ParsedChunk parsed;
  parsed.records = raw.records;
  if (checked.failure) {
    parsed.failure = std::move(checked.failure);
    return parsed;
  }
  parsed.bytes =
      2 * io::LogicalBytes(*checked.rows) + chunk.bytes_size() + io::LogicalBytes(*raw.columns);
  parsed.rows = std::move(checked.rows);
  parsed.record_of_row = std::move(checked.record_of_row);
  parsed.rejects = MergeRejects(std::move(raw.rejects), std::move(checked.rejects));
  parsed.sensitive_values = std::move(checked.sensitive_values);
  parsed.nulled = std::move(checked.nulled);
  ARROW_RETURN_NOT_OK(CheckAccounts(parsed));
  if (work.rows_only) return parsed;
  if (work.mark_bytes > 0) {
    parsed.marks = MarksOf(raw, chunk, parsed.record_of_row, work.mark_bytes);
  }
  for (const int column : work.unique_columns) {
    ARROW_ASSIGN_OR_RAISE(parsed.keys.emplace_back(), DigestKeys(*parsed.rows->column(column)));
  }
  parsed.profile = std::make_unique<TableProfiler>(*work.schema, work.sensitive);
  for (int i = 0; i < parsed.rows->num_columns(); ++i)
    parsed.profile->UpdateColumn(i, *parsed.rows->column(i));
  return parsed;
}

}  // namespace millrace::stage
