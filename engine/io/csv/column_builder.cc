#include "io/csv/column_builder.h"

#include <arrow/array/array_binary.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::io::csv {
namespace {

// Fields are copied in steps of this many bytes: up to kCopyStep - 1 are read behind a field and
// written behind its copy.
constexpr int64_t kCopyStep = 16;
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

int64_t BytesOfColumn(const FieldIndex& index, size_t column) {
  int64_t bytes = 0;
  for (size_t row = 0; row < index.rows(); ++row) {
    const uint32_t begin = index.Begin(row, column);
    const uint32_t end = index.End(row, column);
    if (end > begin) bytes += end - begin;
  }
  return bytes;
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> BuildColumn(const Chunk& chunk, const FieldIndex& index,
                                                  size_t column, const CsvDialect& dialect) {
  const auto rows = static_cast<int64_t>(index.rows());
  const uint8_t* data = chunk.bytes->data();
  ARROW_ASSIGN_OR_RAISE(auto offsets_buffer, arrow::AllocateBuffer((rows + 1) * 4));
  ARROW_ASSIGN_OR_RAISE(auto values,
                        arrow::AllocateResizableBuffer(BytesOfColumn(index, column) + kCopyStep));
  ARROW_ASSIGN_OR_RAISE(auto validity, arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows)));
  std::memset(validity->mutable_data(), 0xff, static_cast<size_t>(validity->size()));
  auto* offsets = reinterpret_cast<int32_t*>(offsets_buffer->mutable_data());
  uint8_t* const start = values->mutable_data();
  uint8_t* out = start;
  int64_t nulls = 0;
  const bool has_quote = dialect.quote != '\0';
  for (int64_t row = 0; row < rows; ++row) {
    offsets[row] = static_cast<int32_t>(out - start);
    const uint32_t begin = index.Begin(static_cast<size_t>(row), column);
    const uint32_t end = index.End(static_cast<size_t>(row), column);
    if (begin >= end) {
      arrow::bit_util::ClearBit(validity->mutable_data(), row);
      ++nulls;
    } else if (has_quote && static_cast<char>(data[begin]) == dialect.quote) {
      const uint8_t* from = data + begin + 1;
      const uint8_t* to = data + end - 1;  // before the closing quote
      out = CopyUnlessEscaped(from, to, dialect.escape, out)
                ? out + (to - from)
                : CopyUnescaped(from, to, dialect.escape, out);
    } else {
      CopyShort(data + begin, end - begin, out);
      out += end - begin;
    }
  }
  offsets[rows] = static_cast<int32_t>(out - start);
  ARROW_RETURN_NOT_OK(values->Resize(out - start, /*shrink_to_fit=*/false));
  std::shared_ptr<arrow::Buffer> nulls_buffer;
  if (nulls > 0) nulls_buffer = std::move(validity);
  return std::make_shared<arrow::StringArray>(rows, std::move(offsets_buffer), std::move(values),
                                              std::move(nulls_buffer), nulls);
}

}  // namespace millrace::io::csv
