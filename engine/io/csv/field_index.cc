#include "io/csv/field_index.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

namespace millrace::io::csv {
namespace {

class Indexer {
 public:
  Indexer(const Scanner& scanner, const Chunk& chunk, const IndexOptions& options, FieldIndex* out)
      : scanner_(scanner),
        chunk_(chunk),
        options_(options),
        out_(out),
        data_(chunk.bytes->data()),
        size_(static_cast<uint32_t>(chunk.bytes->size())) {
    structure_.Clear();
    structure_.positions.reserve(size_ / 8);  // a guess: denser text makes it grow
    end_place_ = scanner.Index(data_, 0, size_, Place::kFieldStart, &structure_);
    const bool unfinished =
        size_ > 0 && (structure_.positions.empty() || structure_.positions.back() != size_ - 1 ||
                      !IsLineEnd(size_ - 1));
    if (unfinished) {  // the file's last line, without a line end: one stands behind the chunk
      structure_.positions.push_back(size_);
      ++structure_.line_ends;
    }
    valid_text_ = simdjson::validate_utf8(reinterpret_cast<const char*>(data_), size_) &&
                  std::memchr(data_, 0, size_) == nullptr;
    out_->columns = options.columns;
    out_->delimiter_bytes = options.delimiter_bytes;
  }

  void Run() {
    const bool open_quote = end_place_ == Place::kQuoted || end_place_ == Place::kEscaped;
    if (structure_.text_after_quote.empty() && !open_quote && valid_text_ && Regular()) {
      TakeAllRows();
    } else {
      WalkRecords(open_quote);
    }
  }

 private:
  bool IsLineEnd(uint32_t position) const {
    return position == size_ || scanner_.EndsLine(static_cast<char>(data_[position]));
  }

  // Every record has as many fields as there are columns, no line is blank, none repeats a header.
  bool Regular() const {
    const Positions& at = structure_.positions;
    const size_t columns = options_.columns;
    if (columns < 2 || at.size() != structure_.line_ends * columns) return false;
    uint32_t begin = 0;
    for (size_t i = columns - 1; i < at.size(); i += columns) {
      if (!IsLineEnd(at[i]) || RepeatsHeader(begin, at[i])) return false;
      begin = at[i] + 1;
    }
    return true;
  }

  bool RepeatsHeader(uint32_t begin, uint32_t end) const {
    // Files that were put one behind the other have their byte order marks in the middle.
    if (end - begin > 3 && std::memcmp(data_ + begin, "\xef\xbb\xbf", 3) == 0) begin += 3;
    for (const std::string& header : options_.header) {
      const size_t bytes = header.size();
      const bool long_enough = end - begin == bytes || end - begin == bytes + 1;
      if (long_enough && std::memcmp(data_ + begin, header.data(), bytes) == 0 &&
          WithoutReturn(begin, end) - begin == bytes) {
        return true;
      }
    }
    return false;
  }

  bool IsComment(uint32_t begin, uint32_t end) const {
    const size_t bytes = options_.comment.size();
    return bytes > 0 && end - begin >= bytes &&
           std::memcmp(data_ + begin, options_.comment.data(), bytes) == 0;
  }

  uint32_t WithoutReturn(uint32_t begin, uint32_t end) const {
    return options_.crlf && end > begin && data_[end - 1] == '\r' ? end - 1 : end;
  }

  void TakeAllRows() {
    const size_t columns = options_.columns;
    const size_t rows = structure_.line_ends;
    out_->ends.swap(structure_.positions);
    out_->row_begins.resize(rows);
    uint32_t begin = 0;
    for (size_t row = 0; row < rows; ++row) {
      out_->row_begins[row] = begin;
      uint32_t& end = out_->ends[row * columns + columns - 1];
      begin = end + 1;
      const uint32_t last = out_->ends[row * columns + columns - 2] + options_.delimiter_bytes;
      end = WithoutReturn(last, end);
    }
    out_->records = static_cast<int64_t>(rows);
  }

  void WalkRecords(bool open_quote) {
    const Positions& at = structure_.positions;
    uint32_t begin = 0;
    size_t fault = 0;
    for (size_t first = 0; first < at.size();) {
      size_t last = first;
      while (!IsLineEnd(at[last])) ++last;
      const uint32_t end = WithoutReturn(begin, at[last]);
      while (fault < structure_.text_after_quote.size() &&
             structure_.text_after_quote[fault] < begin) {
        ++fault;
      }
      const bool text_after_quote = fault < structure_.text_after_quote.size() &&
                                    structure_.text_after_quote[fault] < at[last];
      const bool last_record = last + 1 == at.size();
      if ((options_.columns > 1 && end == begin) || IsComment(begin, end)) {
        // A blank line is no record, nor is a comment.
      } else if (RepeatsHeader(begin, at[last])) {
        Add(begin, end, "csv.repeated_header", "the record repeats the header");
      } else if (open_quote && last_record) {
        Add(begin, end, "csv.unclosed_quote", "a quote is opened and never closed");
      } else if (text_after_quote) {
        Add(begin, end, "csv.text_after_quote", "text follows a closing quote");
      } else {
        AddRow(begin, end, first, last);
      }
      begin = at[last] + 1;
      first = last + 1;
    }
    if (out_->rejects.empty()) out_->record_of_row.clear();
  }

  void Add(uint32_t begin, uint32_t end, const char* rule, std::string message) {
    out_->rejects.push_back(
        RejectRecord(chunk_, out_->records++, begin, end, rule, std::move(message)));
  }

  void AddRow(uint32_t begin, uint32_t end, size_t first, size_t last) {
    size_t fields = last - first + 1;
    uint32_t row_end = end;
    if (options_.trailing_delimiter && fields == options_.columns + 1 &&
        structure_.positions[last - 1] + options_.delimiter_bytes == end) {
      --fields;
      row_end = structure_.positions[--last];
    }
    if (fields != options_.columns && !(fields < options_.columns && options_.fill_short_rows)) {
      const bool few = fields < options_.columns;
      Add(begin, end, few ? "csv.too_few_fields" : "csv.too_many_fields",
          "the record has " + std::to_string(fields) + " fields, the header " +
              std::to_string(options_.columns));
      Reject& reject = out_->rejects.back();
      reject.value = std::to_string(fields);
      reject.threshold = std::to_string(options_.columns);
      return;
    }
    const size_t old_size = out_->ends.size();
    for (size_t i = first; i < last; ++i) out_->ends.push_back(structure_.positions[i]);
    out_->ends.push_back(row_end);
    for (size_t i = fields; i < options_.columns; ++i) out_->ends.push_back(row_end);
    out_->row_begins.push_back(begin);
    if (!valid_text_ && !FieldsAreText(begin, end)) {
      out_->ends.resize(old_size);
      out_->row_begins.pop_back();
      return;
    }
    out_->record_of_row.push_back(static_cast<uint32_t>(out_->records++));
  }

  // Of the last row in out_. Adds the reject itself when they are not.
  bool FieldsAreText(uint32_t begin, uint32_t end) {
    const size_t row = out_->rows() - 1;
    for (int column : options_.utf8_columns) {
      const uint32_t from = out_->Begin(row, static_cast<size_t>(column));
      const uint32_t to = out_->End(row, static_cast<size_t>(column));
      if (from >= to) continue;
      const char* text = reinterpret_cast<const char*>(data_) + from;
      if (std::memchr(text, 0, to - from) != nullptr) {
        Add(begin, end, "csv.nul_byte", "a field holds a NUL byte");
        return false;
      }
      if (!simdjson::validate_utf8(text, to - from)) {
        Add(begin, end, options_.decoded ? "encoding.invalid" : "csv.bad_utf8",
            options_.decoded ? "a field holds bytes that the file's encoding does not know"
                             : "a field is not valid UTF-8");
        return false;
      }
    }
    return true;
  }

  const Scanner& scanner_;
  const Chunk& chunk_;
  const IndexOptions& options_;
  FieldIndex* out_;
  const uint8_t* data_;
  uint32_t size_;
  Structure structure_;
  Place end_place_ = Place::kFieldStart;
  bool valid_text_ = true;
};

}  // namespace

void IndexFields(const Scanner& scanner, const Chunk& chunk, const IndexOptions& options,
                 FieldIndex* out) {
  Indexer(scanner, chunk, options, out).Run();
}

Reject RejectRecord(const Chunk& chunk, int64_t record, uint32_t begin, uint32_t end,
                    const char* rule, std::string message) {
  Reject reject;
  reject.record = record;
  reject.byte_offset = chunk.byte_offset + begin;
  reject.byte_length = end - begin;
  reject.rule = rule;
  reject.message = std::move(message);
  const int64_t kept = std::min<int64_t>(end - begin, kRejectRawBytesMax);
  reject.raw.assign(reinterpret_cast<const char*>(chunk.bytes->data()) + begin,
                    static_cast<size_t>(kept));
  return reject;
}

}  // namespace millrace::io::csv
