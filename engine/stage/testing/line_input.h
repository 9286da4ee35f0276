// Files for tests of the stage that need neither a real reader nor a real contract: a record is a
// line of comma-separated fields, one per column of the contract. A line that begins with '!' is
// rejected by the reader; an int64 column rejects what is no number; a field "~" is null.
#pragma once

#include <arrow/api.h>

#include <atomic>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "stage/ingest.h"

namespace millrace::stage {

/// What a test may put in the way.
struct LineInputOptions {
  int64_t chunk_bytes = 64;
  std::string fail_on_line;  // a line that makes parsing fail
  std::function<Status(const std::string& path)> on_file_end;
};

class LineReader : public io::RecordReader {
 public:
  LineReader(std::string text, LineInputOptions options)
      : text_(std::move(text)), options_(std::move(options)) {}

  const std::shared_ptr<arrow::Schema>& file_schema() const override { return schema_; }
  int64_t header_bytes() const override { return 0; }

  Result<std::shared_ptr<io::Chunk>> Next() override {
    if (next_ >= text_.size()) return nullptr;
    size_t end = std::min(next_ + static_cast<size_t>(options_.chunk_bytes), text_.size());
    end = std::min(text_.find('\n', end - 1), text_.size() - 1) + 1;
    auto chunk = std::make_shared<io::Chunk>();
    chunk->index = index_++;
    chunk->byte_offset = static_cast<int64_t>(next_);
    chunk->bytes = arrow::Buffer::FromString(text_.substr(next_, end - next_));
    next_ = end;
    return chunk;
  }

  Result<io::RawBatch> Parse(const io::Chunk& chunk) const override {
    io::RawBatch batch;
    batch.bytes_accounted = chunk.bytes_size();
    arrow::StringBuilder lines;
    const std::string_view text(*chunk.bytes);
    for (size_t begin = 0; begin < text.size(); ++batch.records) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const std::string line(text.substr(begin, end - begin));
      if (!options_.fail_on_line.empty() && line == options_.fail_on_line) {
        return MakeError(ErrorCode::kCorruptFile, "cannot parse " + line);
      }
      if (!line.empty() && line[0] == '!') {
        Reject reject;
        reject.record = batch.records;
        reject.byte_offset = chunk.byte_offset + static_cast<int64_t>(begin);
        reject.byte_length = static_cast<int64_t>(line.size());
        reject.rule = "line.marked";
        reject.message = "the line is marked as bad";
        reject.raw = line;
        batch.rejects.push_back(std::move(reject));
      } else {
        ARROW_RETURN_NOT_OK(lines.Append(line));
        batch.record_of_row.push_back(static_cast<uint32_t>(batch.records));
      }
      begin = end + 1;
    }
    ARROW_ASSIGN_OR_RAISE(auto array, lines.Finish());
    batch.columns = arrow::RecordBatch::Make(schema_, array->length(), {array});
    return batch;
  }

 private:
  std::shared_ptr<arrow::Schema> schema_ = arrow::schema({arrow::field("line", arrow::utf8())});
  std::string text_;
  LineInputOptions options_;
  size_t next_ = 0;
  int64_t index_ = 0;
};

class LineBinding : public contract::Binding {
 public:
  explicit LineBinding(const contract::Contract& contract)
      : schema_(contract::SchemaOf(contract)) {}
  const io::Projection& projection() const override { return projection_; }
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int>& unique_columns() const override { return unique_; }
  Status BindFile(const arrow::Schema&) override { return Status::OK(); }

  Result<contract::CheckedBatch> Apply(const io::RawBatch& batch, const io::Chunk&) const override {
    contract::CheckedBatch checked;
    const auto& lines = static_cast<const arrow::StringArray&>(*batch.columns->column(0));
    std::vector<std::vector<std::string>> rows;
    for (int64_t i = 0; i < lines.length(); ++i) {
      std::vector<std::string> fields = Fields(lines.GetString(i));
      const auto record = static_cast<uint32_t>(batch.RecordOfRow(i));
      const int bad = FirstBad(fields);
      if (bad < 0) {
        rows.push_back(std::move(fields));
        checked.record_of_row.push_back(record);
        continue;
      }
      Reject reject;
      reject.record = record;
      reject.rule = "contract.cast";
      reject.column = schema_->field(bad)->name();
      reject.value = fields[static_cast<size_t>(bad)];
      reject.message = "not an int64";
      reject.raw = lines.GetString(i);
      checked.rejects.push_back(std::move(reject));
    }
    ARROW_ASSIGN_OR_RAISE(checked.rows, Build(rows));
    return checked;
  }

 private:
  std::vector<std::string> Fields(const std::string& line) const {
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == ',') {
        fields.emplace_back();
      } else {
        fields.back().push_back(c);
      }
    }
    fields.resize(static_cast<size_t>(schema_->num_fields()), "~");
    return fields;
  }
  static bool ToInt(const std::string& text, int64_t* value) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
    return result.ec == std::errc() && result.ptr == text.data() + text.size();
  }
  int FirstBad(const std::vector<std::string>& fields) const {
    for (int i = 0; i < schema_->num_fields(); ++i) {
      int64_t value;
      const std::string& field = fields[static_cast<size_t>(i)];
      if (schema_->field(i)->type()->id() == arrow::Type::INT64 && field != "~" &&
          !ToInt(field, &value))
        return i;
    }
    return -1;
  }
  Result<std::shared_ptr<arrow::RecordBatch>> Build(
      const std::vector<std::vector<std::string>>& rows) const {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      arrow::Int64Builder numbers;
      arrow::StringBuilder texts;
      const bool is_number = schema_->field(i)->type()->id() == arrow::Type::INT64;
      for (const auto& row : rows) {
        const std::string& field = row[static_cast<size_t>(i)];
        int64_t value = 0;
        ToInt(field, &value);
        if (is_number) {
          ARROW_RETURN_NOT_OK(field == "~" ? numbers.AppendNull() : numbers.Append(value));
        } else {
          ARROW_RETURN_NOT_OK(field == "~" ? texts.AppendNull() : texts.Append(field));
        }
      }
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), is_number ? numbers.Finish() : texts.Finish());
    }
    return arrow::RecordBatch::Make(schema_, static_cast<int64_t>(rows.size()), std::move(columns));
  }

  io::Projection projection_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> unique_;
};

inline InputAccess LineInput(const LineInputOptions& options = {}) {
  InputAccess input;
  input.open = [options](const source::FileSource& source, const io::FileInfo& file,
                         const io::Projection&) -> Result<source::OpenedFile> {
    ARROW_ASSIGN_OR_RAISE(const std::string text, source.store->ReadSmall(file.key));
    source::OpenedFile opened;
    opened.reader = std::make_unique<LineReader>(text, options);
    opened.content_sha256 = [text]() -> Result<std::string> { return Sha256Hex(text); };
    opened.raw_bytes_read = [bytes = static_cast<int64_t>(text.size())] { return bytes; };
    return opened;
  };
  input.check_unchanged = [options](const source::FileSource& source,
                                    const io::FileInfo& file) -> Status {
    if (options.on_file_end) ARROW_RETURN_NOT_OK(options.on_file_end(file.key));
    ARROW_ASSIGN_OR_RAISE(const io::FileInfo now, source.store->Stat(file.key));
    if (now.SameVersion(file)) return Status::OK();
    return MakeError(ErrorCode::kFileChanged, file.key + " changed while it was read");
  };
  input.bind = [](const contract::Contract& contract,
                  const std::string&) -> Result<std::unique_ptr<contract::Binding>> {
    return std::make_unique<LineBinding>(contract);
  };
  return input;
}

}  // namespace millrace::stage
