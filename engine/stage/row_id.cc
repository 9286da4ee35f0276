#include "stage/row_id.h"

#include <arrow/buffer.h>

#include <charconv>
#include <cstring>
#include <limits>

namespace millrace::stage {
namespace {

constexpr size_t kDigitsMax = 20;

/// A number's decimal text that can count on without being printed again.
class DecimalCounter {
 public:
  explicit DecimalCounter(int64_t value) { Set(value); }
  const char* text() const { return text_; }
  size_t size() const { return size_; }

  void Advance(int64_t steps) {
    value_ += steps;
    if (steps == 1 && text_[size_ - 1] != '9') {
      ++text_[size_ - 1];
    } else if (steps != 0) {
      Set(value_);
    }
  }

 private:
  void Set(int64_t value) {
    value_ = value;
    size_ = static_cast<size_t>(std::to_chars(text_, text_ + sizeof text_, value).ptr - text_);
  }

  int64_t value_ = 0;
  char text_[kDigitsMax + 4];
  size_t size_ = 0;
};

}  // namespace

Result<std::shared_ptr<arrow::Array>> RowIds(const std::string& prefix, int64_t first_ordinal,
                                             const std::vector<uint32_t>& record_of_row) {
  const size_t rows = record_of_row.size();
  if (rows * (prefix.size() + kDigitsMax) >
      static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return MakeError(ErrorCode::kBug, "a chunk has too many rows for its row ids");
  }
  ARROW_ASSIGN_OR_RAISE(auto offsets,
                        arrow::AllocateBuffer(static_cast<int64_t>((rows + 1) * sizeof(int32_t))));
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::ResizableBuffer> data,
      arrow::AllocateResizableBuffer(static_cast<int64_t>(rows * (prefix.size() + kDigitsMax))));
  auto* offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
  char* const begin = reinterpret_cast<char*>(data->mutable_data());
  char* out = begin;
  *offset = 0;
  DecimalCounter counter(first_ordinal);
  uint32_t previous = 0;
  for (const uint32_t record : record_of_row) {
    counter.Advance(int64_t{record} - previous);
    previous = record;
    std::memcpy(out, prefix.data(), prefix.size());
    out += prefix.size();
    std::memcpy(out, counter.text(), kDigitsMax);  // a fixed size is one instruction or two
    out += counter.size();
    *++offset = static_cast<int32_t>(out - begin);
  }
  ARROW_RETURN_NOT_OK(data->Resize(out - begin, /*shrink_to_fit=*/false));
  return std::make_shared<arrow::StringArray>(static_cast<int64_t>(rows), std::move(offsets),
                                              std::move(data));
}

}  // namespace millrace::stage
