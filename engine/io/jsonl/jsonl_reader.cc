#include "io/jsonl/jsonl_reader.h"

#include <deque>
#include <mutex>

#include "io/encoding/text_stream.h"
#include "io/jsonl/chunk_parser.h"
#include "io/jsonl/json_path.h"
#include "io/jsonl/jsonl_cutter.h"
#include "io/jsonl/member_names.h"

namespace millrace::io {
namespace {

constexpr int64_t kSampleBytes = 1 << 20;
constexpr int64_t kBytesMax = 1 << 30;  // offsets inside a chunk have 32 bits

const char* LayoutName(JsonlLayout layout) {
  return layout == JsonlLayout::kArray          ? "array"
         : layout == JsonlLayout::kConcatenated ? "concatenated"
                                                : "lines";
}

class JsonlReader : public RecordReader {
 public:
  JsonlReader(TextStream text, const JsonlOptions& options, const Projection& projection)
      : encoding_(std::move(text.detected)),
        is_plain_(encoding_.encoding == Encoding::kUtf8 &&
                  text.stream->compression() == Compression::kNone),
        cutter_(std::move(text.stream), options),
        projection_(projection) {
    context_.record_bytes_max = options.record_bytes_max;
  }

  Status Open() {
    ARROW_RETURN_NOT_OK(cutter_.Start());
    context_.layout = cutter_.layout();
    context_.header_bytes = cutter_.header_bytes();
    if (projection_.all) ARROW_RETURN_NOT_OK(RequestAll());
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const FieldRequest& request : projection_.fields) {
      fields.push_back(arrow::field(request.path, arrow::utf8()));
    }
    context_.schema = arrow::schema(std::move(fields));
    // Paths are checked now, not when the first chunk is parsed.
    ARROW_ASSIGN_OR_RAISE(auto parser, JsonlChunkParser::Make(projection_));
    idle_parsers_.push_back(std::move(parser));
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& file_schema() const override { return context_.schema; }
  int64_t header_bytes() const override { return context_.header_bytes; }
  bool can_be_cut() const override { return is_plain_ && cutter_.layout() == JsonlLayout::kLines; }
  ReadAs read_as() const override {
    ReadAs read_as;
    read_as.encoding = EncodingName(encoding_.encoding);
    read_as.bom = encoding_.bom_bytes > 0;
    read_as.declaration = std::string("layout: ") + LayoutName(context_.layout);
    return read_as;
  }

  Result<std::shared_ptr<Chunk>> Next() override {
    if (sampled_.empty()) return cutter_.Next();
    std::shared_ptr<Chunk> chunk = std::move(sampled_.front());
    sampled_.pop_front();
    return chunk;
  }

  Result<RawBatch> Parse(const Chunk& chunk) const override {
    std::unique_ptr<JsonlChunkParser> parser;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!idle_parsers_.empty()) {
        parser = std::move(idle_parsers_.back());
        idle_parsers_.pop_back();
      }
    }
    if (!parser) {
      ARROW_ASSIGN_OR_RAISE(parser, JsonlChunkParser::Make(projection_));
    }
    ARROW_ASSIGN_OR_RAISE(RawBatch batch, parser->Parse(context_, chunk));
    std::lock_guard<std::mutex> lock(mutex_);
    idle_parsers_.push_back(std::move(parser));
    return batch;
  }

 private:
  /// Reads ahead until the sample is complete; what was read is handed out by Next.
  Status RequestAll() {
    JsonlChunkContext context = context_;
    context.schema = arrow::schema({});
    ARROW_ASSIGN_OR_RAISE(auto parser, JsonlChunkParser::Make(Projection()));
    const int64_t sample_end = context.header_bytes + kSampleBytes;
    MemberNames members;
    int64_t rows = 0;
    int64_t end = context.header_bytes;
    while (end < sample_end || rows == 0) {
      // A damaged file: its good chunks come first, then Next meets the damage again.
      Result<std::shared_ptr<Chunk>> chunk = cutter_.Next();
      if (!chunk.ok() || *chunk == nullptr) break;
      ARROW_ASSIGN_OR_RAISE(const RawBatch batch, parser->Parse(context, **chunk));
      members.Add(batch, **chunk, sample_end);
      rows += batch.columns->num_rows();
      end = (*chunk)->byte_offset + (*chunk)->bytes_size();
      sampled_.push_back(std::move(*chunk));
      if (end > sample_end + MemberNames::kFirstRowBytesMax) break;
    }
    projection_.fields.clear();
    for (const std::string& name : members.names()) {
      FieldRequest request;
      request.path = JsonPathOf(name);
      request.wants_json = true;
      projection_.fields.push_back(std::move(request));
    }
    return Status::OK();
  }

  const DetectedEncoding encoding_;
  const bool is_plain_;  // the text is the file's bytes
  JsonlCutter cutter_;
  Projection projection_;
  JsonlChunkContext context_;
  std::deque<std::shared_ptr<Chunk>> sampled_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<JsonlChunkParser>> idle_parsers_;
};

Status CheckOption(const char* name, int64_t value) {
  if (value >= 1 && value <= kBytesMax) return Status::OK();
  return MakeError(ErrorCode::kBadValue, std::string(name) + " is " + std::to_string(value),
                   "give a size between 1 byte and 1GiB");
}

// JSON is UTF-8; UTF-16 shows itself by its mark or its zero bytes.
Result<Encoding> EncodingOf(std::unique_ptr<ByteStream>* stream, const JsonlOptions& options) {
  if (options.encoding) return *options.encoding;
  constexpr int64_t kHeadBytes = 4096;
  ARROW_ASSIGN_OR_RAISE(const std::string head, PeekBytes(kHeadBytes, stream));
  const Encoding encoding = DetectEncoding(head, {}).encoding;
  const bool utf16 = encoding == Encoding::kUtf16Le || encoding == Encoding::kUtf16Be;
  return utf16 ? encoding : Encoding::kUtf8;
}

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenJsonl(std::unique_ptr<ByteStream> stream,
                                                const JsonlOptions& options,
                                                const Projection& projection) {
  ARROW_RETURN_NOT_OK(CheckOption("chunk_bytes", options.chunk_bytes));
  ARROW_RETURN_NOT_OK(CheckOption("record_bytes_max", options.record_bytes_max));
  ARROW_ASSIGN_OR_RAISE(const Encoding encoding, EncodingOf(&stream, options));
  ARROW_ASSIGN_OR_RAISE(TextStream text, OpenTextStream(std::move(stream), encoding, {}));
  auto reader = std::make_unique<JsonlReader>(std::move(text), options, projection);
  ARROW_RETURN_NOT_OK(reader->Open());
  return reader;
}

}  // namespace millrace::io
