#include "io/csv/trimmed_stream.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "io/csv/csv_reader.h"

namespace millrace::io::csv {
namespace {

constexpr int64_t kBlockBytes = 256 << 10;

class TableStream : public TrimmedStream {
 public:
  TableStream(std::unique_ptr<ByteStream> inner, int number)
      : inner_(std::move(inner)), number_(number) {}

  Result<int64_t> Read(int64_t bytes, uint8_t* out) override {
    int64_t done = 0;
    while (done < bytes) {
      if (at_ == kept_.size()) {
        if (finished_) break;
        const Status status = Refill();
        if (!status.ok()) {
          if (done > 0) break;
          return status;
        }
        continue;
      }
      const size_t take = std::min(static_cast<size_t>(bytes - done), kept_.size() - at_);
      std::memcpy(out + done, kept_.data() + at_, take);
      at_ += take;
      done += static_cast<int64_t>(take);
    }
    return done;
  }
  Compression compression() const override { return inner_->compression(); }
  int64_t raw_bytes_read() const override { return inner_->raw_bytes_read(); }
  Result<std::string> ContentSha256() override { return inner_->ContentSha256(); }
  int64_t skipped_before() const override { return before_; }
  int64_t skipped_behind() const override { return behind_; }

 private:
  Status Refill() {
    std::string block(static_cast<size_t>(kBlockBytes), '\0');
    ARROW_ASSIGN_OR_RAISE(const int64_t got,
                          inner_->Read(kBlockBytes, reinterpret_cast<uint8_t*>(block.data())));
    finished_ = got == 0;
    block.resize(static_cast<size_t>(got));
    kept_.clear();
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
      kept_.push_back(c);
      started_ = true;
    } else {
      ++(started_ ? behind_ : before_);
    }
  }

  std::unique_ptr<ByteStream> inner_;
  const int number_;
  std::string kept_;
  size_t at_ = 0;
  bool finished_ = false, line_start_ = true, in_table_ = false, started_ = false;
  bool last_kept_ = false;
  char last_ = '\0';
  int table_ = 0;
  int64_t before_ = 0, behind_ = 0;
};

class FooterlessStream : public TrimmedStream {
 public:
  FooterlessStream(std::unique_ptr<ByteStream> inner, int rows)
      : inner_(std::move(inner)), rows_(rows) {}

  Result<int64_t> Read(int64_t bytes, uint8_t* out) override {
    int64_t done = 0;
    while (done < bytes) {
      const int64_t ready = Ready();
      if (ready == 0) {
        if (finished_) break;
        const Status status = Refill();
        if (!status.ok()) {
          if (done > 0) break;
          return status;
        }
        continue;
      }
      const int64_t take = std::min(bytes - done, ready);
      std::memcpy(out + done, held_.data() + at_, static_cast<size_t>(take));
      at_ += static_cast<size_t>(take);
      done += take;
    }
    return done;
  }
  Compression compression() const override { return inner_->compression(); }
  int64_t raw_bytes_read() const override { return inner_->raw_bytes_read(); }
  Result<std::string> ContentSha256() override { return inner_->ContentSha256(); }
  int64_t skipped_before() const override { return 0; }
  int64_t skipped_behind() const override { return footer_bytes_; }

 private:
  int64_t Ready() const {
    const auto held = static_cast<int64_t>(held_.size() - at_);
    return std::max<int64_t>(0, held - (finished_ ? footer_bytes_ : kFooterBytesMax));
  }

  Status Refill() {
    held_.erase(0, at_);
    at_ = 0;
    const size_t before = held_.size();
    held_.resize(before + static_cast<size_t>(kBlockBytes));
    const Result<int64_t> got =
        inner_->Read(kBlockBytes, reinterpret_cast<uint8_t*>(held_.data()) + before);
    held_.resize(before + static_cast<size_t>(got.ok() ? *got : 0));
    ARROW_RETURN_NOT_OK(got.status());
    finished_ = *got == 0;
    if (finished_) footer_bytes_ = static_cast<int64_t>(held_.size() - FooterStart());
    return Status::OK();
  }

  size_t FooterStart() const {
    size_t start = held_.size();
    int rows = 0;
    for (size_t i = held_.size(); i > 0 && rows < rows_; --i) {
      // i - 1 is the first byte of a line that is not blank?
      const char c = held_[i - 1];
      if (c == '\n' || c == '\r') continue;
      if (i >= 2 && held_[i - 2] != '\n' && held_[i - 2] != '\r') continue;
      start = i - 1;
      ++rows;
    }
    return start;
  }

  std::unique_ptr<ByteStream> inner_;
  const int rows_;
  std::string held_;  // always at least kFooterBytesMax, but for the end
  size_t at_ = 0;
  bool finished_ = false;
  int64_t footer_bytes_ = 0;
};

}  // namespace

std::unique_ptr<TrimmedStream> MakeTableStream(std::unique_ptr<ByteStream> stream, int number) {
  return std::make_unique<TableStream>(std::move(stream), number);
}

std::unique_ptr<TrimmedStream> MakeFooterlessStream(std::unique_ptr<ByteStream> stream, int rows) {
  return std::make_unique<FooterlessStream>(std::move(stream), rows);
}

}  // namespace millrace::io::csv
