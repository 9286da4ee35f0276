#include "io/csv/column_builder.h"

#include <arrow/array/array_binary.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::io::csv {
namespace {

// Fields are copied in steps of this many bytes: up to kCopyStep - 1 are read behind a field and
// written behind its copy.
constexpr int64_t kCopyStep = 16;
// Rows are taken in tiles and a tile column by column: its bytes and its index stay in the first
// cache, and one word holds a column's validity.
constexpr size_t kTileRows = 64;
static_assert(kCopyStep <= static_cast<int64_t>(kPadding));

// Copies [from, to); false when `escape` stands in it, and then the copy is of no use.
#if defined(__SSE2__)
inline bool CopyUnlessEscaped(const uint8_t* from, const uint8_t* to, char escape, uint8_t* out) {
  const __m128i wanted = _mm_set1_epi8(escape);
  for (; from < to; from += kCopyStep, out += kCopyStep) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    auto found = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
    if (to - from < kCopyStep) found &= (1U << (to - from)) - 1;
    if (found != 0) return false;
  }
  return true;
}

inline void CopyShort(const uint8_t* from, size_t bytes, uint8_t* out) {
  if (bytes > 64) {
    std::memcpy(out, from, bytes);
    return;
  }
  for (size_t done = 0; done < bytes; done += kCopyStep) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + done),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done)));
  }
}
#else
inline bool CopyUnlessEscaped(const uint8_t* from, const uint8_t* to, char escape, uint8_t* out) {
  if (std::memchr(from, escape, static_cast<size_t>(to - from)) != nullptr) return false;
  std::memcpy(out, from, static_cast<size_t>(to - from));
  return true;
}

inline void CopyShort(const uint8_t* from, size_t bytes, uint8_t* out) {
  std::memcpy(out, from, bytes);
}
#endif

// An escape character stands for the byte after it. Returns the end of the copy.
uint8_t* CopyUnescaped(const uint8_t* from, const uint8_t* to, char escape, uint8_t* out) {
  while (from < to) {
    if (static_cast<char>(*from) == escape && from + 1 < to) ++from;
    *out++ = *from++;
  }
  return out;
}

// What every column's values take at most, quotes and escapes included.
std::vector<int64_t> BytesOfColumns(const FieldIndex& index) {
  std::vector<int64_t> bytes(index.columns, 0);
  for (size_t row = 0; row < index.rows(); ++row) {
    const uint32_t* ends = index.ends.data() + row * index.columns;
    uint32_t begin = index.row_begins[row];
    for (size_t column = 0; column < index.columns; ++column) {
      if (ends[column] > begin) bytes[column] += ends[column] - begin;
      begin = ends[column] + index.delimiter_bytes;
    }
  }
  return bytes;
}

class ColumnBuilder {
 public:
  ColumnBuilder(size_t column, const CsvDialect& dialect)
      : column_(column),
        quote_(dialect.quote == '\0' ? kNoQuote : static_cast<uint8_t>(dialect.quote)),
        escape_(dialect.escape) {}

  Status Reserve(size_t rows, int64_t bytes) {
    ARROW_ASSIGN_OR_RAISE(offsets_, arrow::AllocateBuffer(static_cast<int64_t>(rows + 1) * 4));
    ARROW_ASSIGN_OR_RAISE(values_, arrow::AllocateBuffer(bytes + kCopyStep));
    next_offset_ = reinterpret_cast<int32_t*>(offsets_->mutable_data());
    *next_offset_++ = 0;
    start_ = out_ = values_->mutable_data();
    validity_.reserve(rows / kTileRows + 1);
    return Status::OK();
  }

  // Adds the rows [first, last), at most kTileRows of them and a whole tile but for the last.
  void AddTile(const uint8_t* data, const FieldIndex& index, size_t first, size_t last) {
    const size_t stride = index.columns;
    const uint32_t* begins = index.row_begins.data() + first;
    const uint32_t* ends = index.ends.data() + first * stride + column_;
    const uint32_t delimiter_bytes = index.delimiter_bytes;
    const bool leads = column_ == 0;
    uint8_t* out = out_;
    uint64_t valid = 0;
    for (size_t i = 0; i < last - first; ++i, ends += stride) {
      const uint32_t begin = leads ? begins[i] : ends[-1] + delimiter_bytes;
      const uint32_t end = *ends;
      if (begin < end) {
        valid |= uint64_t{1} << i;
        out = data[begin] == quote_ ? CopyQuoted(data + begin + 1, data + end - 1, out)
                                    : CopyPlain(data + begin, end - begin, out);
      }
      *next_offset_++ = static_cast<int32_t>(out - start_);
    }
    out_ = out;
    validity_.push_back(valid);
    nulls_ += static_cast<int64_t>(last - first) - __builtin_popcountll(valid);
  }

  Result<std::shared_ptr<arrow::Array>> Finish(int64_t rows) {
    std::shared_ptr<arrow::Buffer> validity;
    if (nulls_ > 0) {
      const int64_t bytes = arrow::bit_util::BytesForBits(rows);
      ARROW_ASSIGN_OR_RAISE(validity, arrow::AllocateBuffer(bytes));
      for (int64_t i = 0; i < bytes; ++i) {
        validity->mutable_data()[i] =
            static_cast<uint8_t>(validity_[static_cast<size_t>(i / 8)] >> (i % 8 * 8));
      }
    }
    return std::make_shared<arrow::StringArray>(rows, std::move(offsets_),
                                                arrow::SliceBuffer(values_, 0, out_ - start_),
                                                std::move(validity), nulls_);
  }

 private:
  static constexpr int kNoQuote = -1;

  static uint8_t* CopyPlain(const uint8_t* from, size_t bytes, uint8_t* out) {
    CopyShort(from, bytes, out);
    return out + bytes;
  }
  uint8_t* CopyQuoted(const uint8_t* from, const uint8_t* to, uint8_t* out) const {
    return CopyUnlessEscaped(from, to, escape_, out) ? out + (to - from)
                                                     : CopyUnescaped(from, to, escape_, out);
  }

  const size_t column_;
  const int quote_;
  const char escape_;
  std::shared_ptr<arrow::Buffer> offsets_, values_;
  int32_t* next_offset_ = nullptr;
  uint8_t* start_ = nullptr;
  uint8_t* out_ = nullptr;
  std::vector<uint64_t> validity_;  // one word per tile
  int64_t nulls_ = 0;
};

}  // namespace

Result<std::vector<std::shared_ptr<arrow::Array>>> BuildColumns(const Chunk& chunk,
                                                                const FieldIndex& index,
                                                                const std::vector<int>& columns,
                                                                const CsvDialect& dialect) {
  const size_t rows = index.rows();
  const std::vector<int64_t> bytes = BytesOfColumns(index);
  std::vector<ColumnBuilder> builders;
  builders.reserve(columns.size());
  for (int column : columns) {
    const auto position = static_cast<size_t>(column);
    builders.emplace_back(position, dialect);
    ARROW_RETURN_NOT_OK(builders.back().Reserve(rows, rows == 0 ? 0 : bytes[position]));
  }
  for (size_t first = 0; first < rows; first += kTileRows) {
    const size_t last = std::min(rows, first + kTileRows);
    for (ColumnBuilder& builder : builders) {
      builder.AddTile(chunk.bytes->data(), index, first, last);
    }
  }
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (ColumnBuilder& builder : builders) {
    ARROW_ASSIGN_OR_RAISE(auto array, builder.Finish(static_cast<int64_t>(rows)));
    arrays.push_back(std::move(array));
  }
  return arrays;
}

}  // namespace millrace::io::csv
