#include <arrow/io/interfaces.h>

#include <algorithm>

#include "base/sha256.h"
#include "source/file_source.h"

namespace millrace::source {
namespace {

constexpr int64_t kHashBlockBytes = 1 << 20;

Result<std::string> HashWhole(arrow::io::RandomAccessFile& file) {
  Sha256 hash;
  for (int64_t at = 0;;) {
    ARROW_ASSIGN_OR_RAISE(auto block, file.ReadAt(at, kHashBlockBytes));
    if (block->size() == 0) return hash.FinishHex();
    hash.Update(block->data(), static_cast<size_t>(block->size()));
    at += block->size();
  }
}

// A byte stream that belongs to a reader and is still asked for its hash by the opener.
class SharedStream : public io::ByteStream {
 public:
  explicit SharedStream(std::shared_ptr<io::ByteStream> stream) : stream_(std::move(stream)) {}
  Result<int64_t> Read(int64_t bytes, uint8_t* out) override { return stream_->Read(bytes, out); }
  io::Compression compression() const override { return stream_->compression(); }
  int64_t raw_bytes_read() const override { return stream_->raw_bytes_read(); }
  Result<std::string> ContentSha256() override { return stream_->ContentSha256(); }

 private:
  std::shared_ptr<io::ByteStream> stream_;
};

// Says which file it was when reading fails on the way.
class NamedReader : public io::RecordReader {
 public:
  NamedReader(std::unique_ptr<io::RecordReader> reader, std::string name)
      : reader_(std::move(reader)), name_(std::move(name)) {}
  const std::shared_ptr<arrow::Schema>& file_schema() const override {
    return reader_->file_schema();
  }
  int64_t header_bytes() const override { return reader_->header_bytes(); }
  bool can_be_cut() const override { return reader_->can_be_cut(); }
  io::ReadAs read_as() const override { return reader_->read_as(); }
  Result<std::shared_ptr<io::Chunk>> Next() override {
    auto chunk = reader_->Next();
    if (!chunk.ok()) return WithContext(chunk.status(), name_);
    return chunk;
  }
  Result<io::RawBatch> Parse(const io::Chunk& chunk) const override {
    auto batch = reader_->Parse(chunk);
    if (!batch.ok()) return WithContext(batch.status(), name_);
    return batch;
  }

 private:
  std::unique_ptr<io::RecordReader> reader_;
  std::string name_;
};

/// Some bytes of a file, as a file.
class FilePart : public arrow::io::RandomAccessFile {
 public:
  FilePart(std::shared_ptr<arrow::io::RandomAccessFile> file, const ByteRange& range)
      : file_(std::move(file)), range_(range) {}
  arrow::Result<int64_t> GetSize() override { return range_.end - range_.begin; }
  arrow::Result<int64_t> ReadAt(int64_t at, int64_t bytes, void* out) override {
    return file_->ReadAt(range_.begin + at, Within(at, bytes), out);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t at, int64_t bytes) override {
    return file_->ReadAt(range_.begin + at, Within(at, bytes));
  }
  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, bytes, out));
    position_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto block, ReadAt(position_, bytes));
    position_ += block->size();
    return block;
  }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Status Close() override { return file_->Close(); }
  bool closed() const override { return file_->closed(); }

 private:
  int64_t Within(int64_t at, int64_t bytes) const {
    return std::clamp<int64_t>(range_.end - range_.begin - at, 0, bytes);
  }

  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const ByteRange range_;
  int64_t position_ = 0;
};

constexpr int64_t kPartBytes = 64 << 10;

// The middle and the end of a large plain file. Of a compressed one only the start can be had.
Result<io::CsvFileParts> PartsOf(arrow::io::RandomAccessFile& file, int64_t file_bytes,
                                 io::Compression compression) {
  io::CsvFileParts parts;
  if (compression != io::Compression::kNone || file_bytes <= io::kCsvHeadBytes) return parts;
  const auto read = [&](int64_t at, std::string* part) {
    // At even offsets, which UTF-16 needs.
    ARROW_ASSIGN_OR_RAISE(auto block, file.ReadAt(at / 2 * 2, kPartBytes + 1));
    *part = block->ToString();
    return Status::OK();
  };
  if (file_bytes > 2 * io::kCsvHeadBytes) {
    ARROW_RETURN_NOT_OK(read(file_bytes / 2, &parts.middle));
  }
  ARROW_RETURN_NOT_OK(read(file_bytes - kPartBytes, &parts.tail));
  return parts;
}

Result<OpenedFile> OpenText(const FileSource& source,
                            std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t file_bytes,
                            const io::Projection& projection) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<io::ByteStream> stream,
                        io::OpenByteStream(file, source.is_hashed));
  auto shared = std::make_unique<SharedStream>(stream);
  OpenedFile opened;
  if (const auto* csv = std::get_if<io::CsvOptions>(&source.format)) {
    ARROW_ASSIGN_OR_RAISE(const io::CsvFileParts parts,
                          PartsOf(*file, file_bytes, stream->compression()));
    ARROW_ASSIGN_OR_RAISE(opened.reader, io::OpenCsv(std::move(shared), *csv, projection, parts));
  } else if (const auto* jsonl = std::get_if<io::JsonlOptions>(&source.format)) {
    ARROW_ASSIGN_OR_RAISE(opened.reader, io::OpenJsonl(std::move(shared), *jsonl, projection));
  } else {
    const auto& format = std::get<std::shared_ptr<const io::TextFormat>>(source.format);
    ARROW_ASSIGN_OR_RAISE(opened.reader, format->Open(std::move(shared), projection));
  }
  opened.content_sha256 = [stream] { return stream->ContentSha256(); };
  opened.raw_bytes_read = [stream] { return stream->raw_bytes_read(); };
  return opened;
}

Result<OpenedFile> OpenTyped(const io::ParquetReadOptions& options, int64_t bytes,
                             std::shared_ptr<arrow::io::RandomAccessFile> file,
                             const io::Projection& projection) {
  OpenedFile opened;
  ARROW_ASSIGN_OR_RAISE(opened.reader, io::OpenParquet(file, options, projection));
  opened.content_sha256 = [file] { return HashWhole(*file); };
  opened.raw_bytes_read = [bytes] { return bytes; };
  return opened;
}

Result<OpenedFile> OpenWith(const FileSource& source, const io::FileInfo& file,
                            const io::Projection& projection) {
  if (const auto* rows = std::get_if<io::DatasetReadOptions>(&source.format)) {
    OpenedFile opened;
    ARROW_ASSIGN_OR_RAISE(opened.reader, io::OpenDataset(*rows, projection));
    opened.content_sha256 = [dataset = rows->dataset] { return io::IdentityOf(*dataset); };
    opened.raw_bytes_read = [bytes = file.bytes] { return bytes; };
    return opened;
  }
  ARROW_ASSIGN_OR_RAISE(auto opened, source.store->OpenForRead(file.key));
  if (const auto* parquet = std::get_if<io::ParquetReadOptions>(&source.format)) {
    return OpenTyped(*parquet, file.bytes, std::move(opened), projection);
  }
  if (!source.range) return OpenText(source, std::move(opened), file.bytes, projection);
  return OpenText(source, std::make_shared<FilePart>(std::move(opened), *source.range),
                  source.range->end - source.range->begin, projection);
}

FileSource WithoutFiles(const FileSource& source) {
  FileSource without = FileSource();
  without.name = source.name;
  without.format = source.format;
  without.store = source.store;
  without.snapshot = source.snapshot;
  without.is_hashed = source.is_hashed;
  return without;
}

}  // namespace

bool IsTyped(const FormatOptions& format) {
  return std::holds_alternative<io::ParquetReadOptions>(format) ||
         std::holds_alternative<io::DatasetReadOptions>(format);
}

FileSource FromRowGroup(const FileSource& source, int row_group) {
  FileSource from = WithoutFiles(source);
  if (auto* parquet = std::get_if<io::ParquetReadOptions>(&from.format)) {
    parquet->row_group_begin = row_group;
  }
  if (auto* dataset = std::get_if<io::DatasetReadOptions>(&from.format)) {
    dataset->piece_begin = row_group;
  }
  return from;
}

FileSource ToReadAgain(const FileSource& source) {
  FileSource again = WithoutFiles(source);
  again.is_hashed = false;
  return again;
}

FileSource FromBytes(const FileSource& source, const ByteRange& range) {
  FileSource from = ToReadAgain(source);
  from.range = range;
  io::JsonlOptions& lines = std::get<io::JsonlOptions>(from.format);
  lines.layout = io::JsonlLayout::kLines;
  lines.encoding = io::Encoding::kUtf8;
  return from;
}

FileSource RowsOfDataset(const std::string& name, const io::DatasetReadOptions& options) {
  FileSource source;
  source.name = name;
  source.format = options;
  // One without rows still has columns, which an empty file has not.
  source.files.push_back({"rows", std::max<int64_t>(options.dataset->bytes, 1), 0, 0});
  return source;
}

Result<io::SniffedCsv> SniffDialect(const FileSource& source, const io::FileInfo& file) {
  ARROW_ASSIGN_OR_RAISE(auto opened, source.store->OpenForRead(file.key));
  ARROW_ASSIGN_OR_RAISE(auto stream, io::OpenByteStream(opened, /*hash=*/false));
  ARROW_ASSIGN_OR_RAISE(const io::CsvFileParts parts,
                        PartsOf(*opened, file.bytes, stream->compression()));
  return io::SniffCsv(std::move(stream), std::get<io::CsvOptions>(source.format), parts);
}

Result<OpenedFile> OpenFile(const FileSource& source, const io::FileInfo& file,
                            const io::Projection& projection) {
  const std::string name = "source `" + source.name + "`: " + file.key;
  auto opened = OpenWith(source, file, projection);
  // What is wrong with columns is said by those who know the config's lines.
  if (!opened.ok() && KindOf(opened.status()) == ErrorKind::kUser) return opened;
  if (!opened.ok()) return WithContext(opened.status(), name);
  opened->reader = std::make_unique<NamedReader>(std::move(opened->reader), name);
  return opened;
}

}  // namespace millrace::source
