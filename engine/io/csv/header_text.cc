#include "io/csv/header_text.h"

#include "io/csv/open_checks.h"
#include "io/csv/record_text.h"

namespace millrace::io::csv {
namespace {

class HeaderReader {
 public:
  HeaderReader(std::string_view head, bool torn, const CsvDialect& dialect)
      : head_(head), torn_(torn), dialect_(dialect), scanner_(dialect, /*force_exact=*/true) {}

  Result<HeaderText> Run() {
    at_ = dialect_.bom ? 3 : 0;
    const bool no_bytes = head_.size() == at_;
    for (int row = 0; row < dialect_.skip_rows && at_ < head_.size(); ++row) SkipLine();
    out_.bytes = static_cast<int64_t>(at_);
    if (torn_ && at_ >= head_.size()) {
      return MakeError(ErrorCode::kUnknownDialect, "the lines to skip are longer than " +
                                                       std::to_string(kCsvHeadBytes) + " bytes");
    }
    SkipBlanksAndComments();
    const bool nothing = at_ == head_.size() && (dialect_.header() || dialect_.skip_rows > 0);
    out_.empty = (no_bytes || nothing) && !torn_;
    if (out_.empty) {
      if (dialect_.header()) out_.bytes = static_cast<int64_t>(at_);
      return std::move(out_);
    }
    if (!dialect_.header()) {
      NameByPosition(Record());
      return std::move(out_);
    }
    for (int row = 0; row < dialect_.header_rows; ++row) {
      SkipBlanksAndComments();
      if (row > 0 && at_ == head_.size()) break;
      const TextRecord record = Record();
      ARROW_RETURN_NOT_OK(CheckHeader(record, head_.substr(at_, record.bytes), torn_));
      AddNames(record);
      at_ += record.bytes;
      out_.bytes = static_cast<int64_t>(at_);
    }
    DropTrailing();
    for (size_t i = 0; i < out_.names.size(); ++i) {
      if (out_.names[i].empty()) out_.names[i] = "column_" + std::to_string(i + 1);
    }
    return std::move(out_);
  }

 private:
  TextRecord Record() const { return ReadRecord(head_.substr(at_), dialect_, scanner_); }

  void SkipLine() {
    while (at_ < head_.size()) {
      const char c = head_[at_++];
      const bool pair = c == '\r' && at_ < head_.size() && head_[at_] == '\n';
      if (scanner_.EndsLine(c) && !pair) return;
    }
  }

  void SkipBlanksAndComments() {
    while (at_ < head_.size()) {
      const std::string_view rest = head_.substr(at_);
      const size_t blank = BlankBytes(rest, dialect_);
      at_ += blank;
      const bool comment = !dialect_.comment.empty() &&
                           head_.substr(at_, dialect_.comment.size()) == dialect_.comment;
      if (comment) {
        SkipLine();
      } else if (blank == 0) {
        return;
      }
    }
  }

  void AddNames(const TextRecord& record) {
    std::string_view raw = head_.substr(at_, record.bytes);
    while (!raw.empty() && (raw.back() == '\n' || raw.back() == '\r')) raw.remove_suffix(1);
    out_.records.emplace_back(raw);
    if (out_.names.size() < record.fields.size()) out_.names.resize(record.fields.size());
    for (size_t i = 0; i < record.fields.size(); ++i) {
      std::string& name = out_.names[i];
      const std::string& text = record.fields[i].text;
      if (text.empty()) continue;
      name += (name.empty() ? "" : "_") + text;
    }
  }

  void NameByPosition(const TextRecord& record) {
    for (size_t i = 0; i < record.fields.size(); ++i) {
      const bool trailing = dialect_.trailing_delimiter && i > 0 && i + 1 == record.fields.size() &&
                            record.fields[i].text.empty();
      if (!trailing) out_.names.push_back("column_" + std::to_string(i + 1));
    }
  }

  // A delimiter at the header's end, too, is no column.
  void DropTrailing() {
    const bool drop =
        dialect_.trailing_delimiter && out_.names.size() > 1 && out_.names.back().empty();
    if (drop) out_.names.pop_back();
  }

  const std::string_view head_;
  const bool torn_;
  const CsvDialect& dialect_;
  const Scanner scanner_;
  size_t at_ = 0;
  HeaderText out_;
};

}  // namespace

Result<HeaderText> ReadHeader(std::string_view head, bool torn, const CsvDialect& dialect) {
  return HeaderReader(head, torn, dialect).Run();
}

}  // namespace millrace::io::csv
