#include "io/csv/trimmed_stream.h"

#include <algorithm>
#include <string>

#include "io/csv/csv_reader.h"

namespace millrace::io::csv {
namespace {

class TableStream : public TrimmedStream {
 public:
  TableStream(std::unique_ptr<ByteStream> inner, int number)
      : TrimmedStream(std::move(inner)), number_(number) {}

  int64_t skipped_before() const override { return before_; }
  int64_t skipped_behind() const override { return behind_; }

 private:
  Status Refill() override {
    std::string block;
    ARROW_RETURN_NOT_OK(AppendBlock(&block));
    ready_.clear();
    at_ = 0;
    for (const char c : block) Sort(c);
    return Status::OK();
  }

  void Sort(char c) {
    const bool pair = c == '\n' && last_ == '\r';
    const bool ends_line = (c == '\n' || c == '\r') && !pair;
    if (ends_line && line_start_) in_table_ = false;
    if (!ends_line && !pair && line_start_ && !in_table_) {
      in_table_ = true;
      ++table_;
    }
    if (!pair) line_start_ = ends_line;
    last_ = c;
    // The second half of a line's \r\n goes where the first one went.
    const bool kept = pair ? last_kept_ : in_table_ && table_ == number_;
    last_kept_ = kept;
    if (kept) {
      ready_.push_back(c);
      started_ = true;
    } else {
      ++(started_ ? behind_ : before_);
    }
  }

  const int number_;
  bool line_start_ = true, in_table_ = false, started_ = false;
  bool last_kept_ = false;
  char last_ = '\0';
  int table_ = 0;
  int64_t before_ = 0, behind_ = 0;
};

class CountedFooterStream : public FooterlessStream {
 public:
  CountedFooterStream(std::unique_ptr<ByteStream> inner, CountFooter count)
      : FooterlessStream(std::move(inner)), count_(std::move(count)) {}

  int footer_rows() const override { return rows_; }
  int64_t skipped_before() const override { return 0; }
  int64_t skipped_behind() const override { return footer_bytes_; }

 private:
  // What may be the footer stays until the end is seen.
  size_t ReadyEnd() const override {
    const auto kept = static_cast<size_t>(finished_ ? footer_bytes_ : kFooterBytesMax);
    return ready_.size() - std::min(ready_.size(), kept);
  }

  Status Refill() override {
    ready_.erase(0, at_);
    at_ = 0;
    ARROW_RETURN_NOT_OK(AppendBlock(&ready_));
    if (!finished_) return Status::OK();
    const size_t tail = std::min(ready_.size(), static_cast<size_t>(kFooterBytesMax));
    ARROW_ASSIGN_OR_RAISE(rows_, count_(std::string_view(ready_).substr(ready_.size() - tail)));
    footer_bytes_ = static_cast<int64_t>(ready_.size() - FooterStart());
    return Status::OK();
  }

  size_t FooterStart() const {
    size_t start = ready_.size();
    int rows = 0;
    for (size_t i = ready_.size(); i > 0 && rows < rows_; --i) {
      // i - 1 is the first byte of a line that is not blank?
      const char c = ready_[i - 1];
      if (c == '\n' || c == '\r') continue;
      if (i >= 2 && ready_[i - 2] != '\n' && ready_[i - 2] != '\r') continue;
      start = i - 1;
      ++rows;
    }
    return start;
  }

  const CountFooter count_;
  int rows_ = 0;
  int64_t footer_bytes_ = 0;
};

}  // namespace

std::unique_ptr<TrimmedStream> MakeTableStream(std::unique_ptr<ByteStream> stream, int number) {
  return std::make_unique<TableStream>(std::move(stream), number);
}

std::unique_ptr<FooterlessStream> MakeFooterlessStream(std::unique_ptr<ByteStream> stream,
                                                       CountFooter count) {
  return std::make_unique<CountedFooterStream>(std::move(stream), std::move(count));
}

}  // namespace millrace::io::csv
