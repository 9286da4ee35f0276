#include "io/fixed_width/fixed_width_format.h"

#include <arrow/array/builder_binary.h>
#include <simdjson.h>

#include <algorithm>

#include "io/column_lookup.h"
#include "io/encoding/encoding.h"
#include "io/fixed_width/line_places.h"
#include "io/text/line_cutter.h"

namespace millrace::io {
namespace {

constexpr int64_t kHeadBytes = 256 << 10;
constexpr int kNoColumn = -1;
constexpr std::string_view kBlanks = " \t\r";

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(kBlanks) == std::string_view::npos;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool HasHeader(const FixedWidthOptions& options) {
  return options.header.value_or(options.columns.empty());
}

Status RefuseLayout(const FixedWidthLayout& layout) {
  std::string why;
  for (const std::string& reason : layout.reasons) why += (why.empty() ? "" : "; ") + reason;
  return MakeError(ErrorCode::kUnknownDialect,
                   "the columns of the file cannot be told with confidence: " + why,
                   "declare them; the best guess is " + FixedWidthDeclaration(layout.columns));
}

class FixedWidthReader : public RecordReader {
 public:
  FixedWidthReader(std::unique_ptr<ByteStream> stream, const FixedWidthOptions& options)
      : cutter_(std::move(stream), options.chunk_bytes, options.record_bytes_max),
        options_(options) {}

  Status Open(const Projection& projection) {
    ARROW_ASSIGN_OR_RAISE(std::string_view head, cutter_.Head(kHeadBytes));
    if (head.substr(0, 2) == "\xff\xfe" || head.substr(0, 2) == "\xfe\xff") {
      return MakeError(ErrorCode::kUnknownDialect, "the file is UTF-16", "convert it to UTF-8");
    }
    if (head.substr(0, 3) == "\xEF\xBB\xBF") header_bytes_ = 3;
    read_as_.encoding = EncodingName(Encoding::kUtf8);
    read_as_.bom = header_bytes_ > 0;
    head.remove_prefix(static_cast<size_t>(header_bytes_));
    const bool header = HasHeader(options_);
    if (options_.columns.empty() && !IsBlankText(head)) {
      FixedWidthLayout layout = InferFixedWidth(head, header, options_.unit);
      if (layout.confidence < kFixedWidthConfidenceMin) return RefuseLayout(layout);
      options_.columns = std::move(layout.columns);
      read_as_.declaration = FixedWidthDeclaration(options_.columns);
      read_as_.confidence = layout.confidence;
    }
    if (header) {
      const size_t end = HeaderEnd(head);
      if (end == head.size() && static_cast<int64_t>(end) >= kHeadBytes - header_bytes_) {
        return MakeError(ErrorCode::kUnknownDialect, "the first line is too long for a header");
      }
      header_bytes_ += static_cast<int64_t>(end);
    }
    cutter_.Skip(header_bytes_);
    return Project(projection);
  }

  const std::shared_ptr<arrow::Schema>& file_schema() const override { return file_schema_; }
  int64_t header_bytes() const override { return header_bytes_; }
  ReadAs read_as() const override { return read_as_; }
  Result<std::shared_ptr<Chunk>> Next() override { return cutter_.Next(); }

  Result<RawBatch> Parse(const Chunk& chunk) const override {
    RawBatch batch;
    batch.bytes_accounted = chunk.bytes_size();
    std::vector<arrow::StringBuilder> builders(wanted_.size());
    const std::string_view text(*chunk.bytes);
    if (chunk.oversize_bytes > 0) {
      Reject(chunk, text, 0, chunk.oversize_bytes, TooLong(chunk.oversize_bytes), &batch);
    }
    for (size_t begin = 0; begin < text.size() && chunk.oversize_bytes == 0;) {
      const size_t newline = text.find('\n', begin);
      const size_t next = newline == std::string_view::npos ? text.size() : newline + 1;
      const std::string_view line = WithoutLineEnd(text.substr(begin, next - begin));
      const auto bytes = static_cast<int64_t>(std::min(newline, text.size()) - begin);
      const bool too_long = bytes > options_.record_bytes_max;
      if (too_long || !IsBlank(line)) {
        const Fault fault = too_long ? TooLong(static_cast<int64_t>(next - begin)) : FaultOf(line);
        if (fault.rule != nullptr) {
          Reject(chunk, text, begin, static_cast<int64_t>(next - begin), fault, &batch);
        } else {
          ARROW_RETURN_NOT_OK(AddRow(line, begin, &builders, &batch));
        }
      }
      begin = next;
    }
    if (batch.rejects.empty()) batch.record_of_row.clear();
    arrow::ArrayVector arrays;
    for (arrow::StringBuilder& builder : builders) {
      ARROW_ASSIGN_OR_RAISE(auto array, builder.Finish());
      arrays.push_back(std::move(array));
    }
    const auto rows = static_cast<int64_t>(batch.extents.size());
    batch.columns = arrow::RecordBatch::Make(batch_schema_, rows, std::move(arrays));
    return batch;
  }

 private:
  struct Fault {
    const char* rule = nullptr;
    std::string message, value, threshold;
  };

  static bool IsBlankText(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  }

  // One past the first line that is not blank.
  static size_t HeaderEnd(std::string_view head) {
    for (size_t begin = 0; begin < head.size();) {
      const size_t newline = head.find('\n', begin);
      const size_t next = newline == std::string_view::npos ? head.size() : newline + 1;
      if (!IsBlank(WithoutLineEnd(head.substr(begin, next - begin)))) return next;
      begin = next;
    }
    return head.size();
  }

  Status Project(const Projection& projection) {
    std::vector<std::string> names, missing;
    arrow::FieldVector file_fields, fields;
    for (const FixedColumn& column : options_.columns) {
      names.push_back(column.name);
      file_fields.push_back(arrow::field(column.name, arrow::utf8()));
    }
    std::vector<FieldRequest> requests = projection.fields;
    if (projection.all) {
      for (const std::string& name : names) requests.emplace_back().path = name;
    }
    for (const FieldRequest& request : requests) {
      const auto found = std::find(names.begin(), names.end(), request.path);
      const bool there = found != names.end();
      if (!there && !request.optional) missing.push_back(request.path);
      wanted_.push_back(there ? static_cast<int>(found - names.begin()) : kNoColumn);
      fields.push_back(arrow::field(request.path, arrow::utf8()));
    }
    batch_schema_ = arrow::schema(std::move(fields));
    // A file of no lines whose columns would be told from them lacks none.
    file_schema_ = names.empty() ? batch_schema_ : arrow::schema(std::move(file_fields));
    if (names.empty()) return Status::OK();
    if (!missing.empty()) return MissingColumns(missing, names);
    return CheckUnknownColumns(projection, names);
  }

  Fault TooLong(int64_t bytes) const {
    return {"fixed_width.record_too_long", "the line is too long", std::to_string(bytes),
            std::to_string(options_.record_bytes_max)};
  }

  Fault FaultOf(std::string_view line) const {
    if (!simdjson::validate_utf8(line.data(), line.size())) {
      return {"fixed_width.bad_utf8", "the line is not valid UTF-8", "", ""};
    }
    if (line.find('\0') != std::string_view::npos) {
      return {"fixed_width.nul_byte", "the line holds a NUL byte", "", ""};
    }
    const LinePlaces places(line, options_.unit);
    const FixedColumn& last = options_.columns.back();
    const int64_t least = last.start + std::max<int64_t>(last.width, 1);
    const auto size = static_cast<int64_t>(places.size());
    if (size < least && !options_.fill_short_rows) {
      return {"fixed_width.short_line", "the line ends before its last column does",
              std::to_string(size), std::to_string(least)};
    }
    if (last.width > 0 && size > least &&
        !IsBlank(places.Text(static_cast<size_t>(least), places.size()))) {
      return {"fixed_width.long_line", "text follows the last column", std::to_string(size),
              std::to_string(least)};
    }
    for (const FixedColumn& column : options_.columns) {
      if (options_.unit == WidthUnit::kCharacters) break;
      const std::string_view value = Value(places, column);
      if (simdjson::validate_utf8(value.data(), value.size())) continue;
      return {"fixed_width.cut_character", "a column ends inside a character", column.name, ""};
    }
    return {};
  }

  static std::string_view Value(const LinePlaces& places, const FixedColumn& column) {
    const auto begin = static_cast<size_t>(column.start);
    const size_t end = column.width > 0 ? begin + static_cast<size_t>(column.width) : places.size();
    return places.Text(begin, std::max(begin, end));
  }

  Status AddRow(std::string_view line, size_t begin, std::vector<arrow::StringBuilder>* builders,
                RawBatch* batch) const {
    const LinePlaces places(line, options_.unit);
    for (size_t i = 0; i < wanted_.size(); ++i) {
      std::string_view value;
      if (wanted_[i] != kNoColumn) {
        value = Value(places, options_.columns[static_cast<size_t>(wanted_[i])]);
        if (options_.trim) value = Trim(value);
      }
      ARROW_RETURN_NOT_OK(value.empty() ? (*builders)[i].AppendNull()
                                        : (*builders)[i].Append(value));
    }
    batch->record_of_row.push_back(static_cast<uint32_t>(batch->records++));
    batch->extents.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(line.size())});
    return Status::OK();
  }

  static void Reject(const Chunk& chunk, std::string_view text, size_t begin, int64_t length,
                     const Fault& fault, RawBatch* batch) {
    millrace::Reject reject;
    reject.record = batch->records++;
    reject.byte_offset = chunk.byte_offset + static_cast<int64_t>(begin);
    reject.byte_length = length;
    reject.rule = fault.rule;
    reject.message = fault.message;
    reject.value = fault.value;
    reject.threshold = fault.threshold;
    reject.raw = text.substr(begin, static_cast<size_t>(std::min(length, kRejectRawBytesMax)));
    batch->rejects.push_back(std::move(reject));
  }

  LineCutter cutter_;
  FixedWidthOptions options_;
  std::vector<int> wanted_;  // of options_.columns, one per column of the batch, or kNoColumn
  std::shared_ptr<arrow::Schema> file_schema_, batch_schema_;
  int64_t header_bytes_ = 0;
  ReadAs read_as_;
};

class FixedWidthFormat : public TextFormat {
 public:
  explicit FixedWidthFormat(const FixedWidthOptions& options) : options_(options) {}
  std::string_view name() const override { return "fixed_width"; }
  std::vector<std::string> extensions() const override { return {".fwf", ".prn"}; }

  Result<std::unique_ptr<RecordReader>> Open(std::unique_ptr<ByteStream> stream,
                                             const Projection& projection) const override {
    auto reader = std::make_unique<FixedWidthReader>(std::move(stream), options_);
    ARROW_RETURN_NOT_OK(reader->Open(projection));
    return reader;
  }

  FormatFindings Examine(std::string_view head) const override {
    if (!options_.columns.empty()) return {};
    if (head.substr(0, 3) == "\xEF\xBB\xBF") head.remove_prefix(3);
    FixedWidthLayout layout = InferFixedWidth(head, HasHeader(options_), options_.unit);
    return {layout.confidence, std::move(layout.reasons), FixedWidthDeclaration(layout.columns)};
  }

 private:
  const FixedWidthOptions options_;
};

}  // namespace

std::shared_ptr<const TextFormat> MakeFixedWidthFormat(const FixedWidthOptions& options) {
  return std::make_shared<FixedWidthFormat>(options);
}

}  // namespace millrace::io
