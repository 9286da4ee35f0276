#include "io/parquet/pooled_pages.h"

#include <arrow/ipc/writer.h>
#include <arrow/util/base64.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/column_page.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::io {
namespace {

using parquet::ColumnWriter;

/// A data page on its way to its column.
struct Page {
  std::shared_ptr<arrow::ResizableBuffer> plain, compressed;
  int32_t values = 0;
  parquet::Encoding::type encoding{}, definition_levels{}, repetition_levels{};
  int64_t plain_bytes = 0;
  parquet::EncodedStatistics statistics;
  std::optional<int64_t> first_row;
  parquet::SizeStatistics sizes;
  bool done = false;  // guarded by the compressor's mutex, as is the next
  Status status;
};

class Compressor : public std::enable_shared_from_this<Compressor> {
 public:
  Compressor(TaskPool* pool, arrow::MemoryPool* memory) : pool_(pool), memory_(memory) {}

  void Start(std::shared_ptr<Page> page, parquet::Compression::type codec,
             const parquet::CodecOptions& options) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      waiting_bytes_ += page->plain_bytes;
    }
    // Whoever lets go of the file need not wait: a task holds all that it works with.
    pool_->Submit(
        [self = shared_from_this(), page = std::move(page), codec, options] {
          self->Finish(page.get(), self->Compress(page.get(), codec, options));
        },
        TaskPool::Priority::kUrgent);
  }

  bool IsDone(const Page& page) {
    std::lock_guard<std::mutex> lock(mutex_);
    return page.done;
  }

  Status Wait(const Page& page) {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [&] { return page.done; });
    return page.status;
  }

  void WaitUntil(int64_t bytes) {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [&] { return waiting_bytes_ <= bytes; });
  }

  arrow::MemoryPool* memory() const { return memory_; }

 private:
  Status Compress(Page* page, parquet::Compression::type type,
                  const parquet::CodecOptions& options) const {
    ARROW_ASSIGN_OR_RAISE(const auto codec, arrow::util::Codec::Create(type, options));
    const arrow::Buffer& plain = *page->plain;
    const int64_t most = codec->MaxCompressedLen(plain.size(), plain.data());
    ARROW_ASSIGN_OR_RAISE(page->compressed, arrow::AllocateResizableBuffer(most, memory_));
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, codec->Compress(plain.size(), plain.data(), most,
                                                               page->compressed->mutable_data()));
    page->plain.reset();
    return page->compressed->Resize(bytes, /*shrink_to_fit=*/true);
  }

  void Finish(Page* page, Status status) {
    std::lock_guard<std::mutex> lock(mutex_);
    page->status = std::move(status);
    page->done = true;
    waiting_bytes_ -= page->plain_bytes;
    wake_.notify_all();
  }

  TaskPool* pool_;
  arrow::MemoryPool* memory_;
  std::mutex mutex_;
  std::condition_variable wake_;
  int64_t waiting_bytes_ = 0;
};

/// Hands pages to the compressor, and in their order to Arrow's own writer of pages.
class PooledPageWriter : public parquet::PageWriter {
 public:
  PooledPageWriter(std::shared_ptr<Compressor> compressor, std::unique_ptr<PageWriter> behind,
                   parquet::Compression::type codec, parquet::CodecOptions options)
      : compressor_(std::move(compressor)),
        behind_(std::move(behind)),
        codec_(codec),
        options_(std::move(options)) {}

  /// Of pages and their headers, without compression.
  int64_t bytes_written() const { return bytes_written_; }

  Status HandOn(bool all) {
    while (!pages_.empty() && (all || compressor_->IsDone(*pages_.front()))) {
      const std::shared_ptr<Page> page = std::move(pages_.front());
      pages_.pop_front();
      ARROW_RETURN_NOT_OK(compressor_->Wait(*page));
      bytes_written_ += behind_->WriteDataPage(parquet::DataPageV1(
          page->compressed, page->values, page->encoding, page->definition_levels,
          page->repetition_levels, page->plain_bytes, std::move(page->statistics), page->first_row,
          std::move(page->sizes)));
    }
    return Status::OK();
  }

  // To whom pages come as they are.
  bool has_compressor() override { return false; }
  void Compress(const arrow::Buffer&, arrow::ResizableBuffer*) override {
    throw parquet::ParquetException("pages are compressed behind their writer");
  }

  // The caller writes the next page over the bytes of this one.
  int64_t WriteDataPage(const parquet::DataPage& data) override {
    const auto& of = dynamic_cast<const parquet::DataPageV1&>(data);
    auto page = std::make_shared<Page>();
    PARQUET_ASSIGN_OR_THROW(page->plain,
                            arrow::AllocateResizableBuffer(of.size(), compressor_->memory()));
    std::memcpy(page->plain->mutable_data(), of.data(), static_cast<size_t>(of.size()));
    page->values = of.num_values();
    page->encoding = of.encoding();
    page->definition_levels = of.definition_level_encoding();
    page->repetition_levels = of.repetition_level_encoding();
    page->plain_bytes = of.uncompressed_size();
    page->statistics = of.statistics();
    page->first_row = of.first_row_index();
    page->sizes = of.size_statistics();
    pages_.push_back(page);
    compressor_->Start(std::move(page), codec_, options_);
    return of.uncompressed_size();
  }

  // Comes before the first data page, whenever that is written.
  int64_t WriteDictionaryPage(const parquet::DictionaryPage& page) override {
    const int64_t bytes = behind_->WriteDictionaryPage(page);
    bytes_written_ += bytes;
    return bytes;
  }

  void Close(bool has_dictionary, bool fallback) override {
    PARQUET_THROW_NOT_OK(HandOn(/*all=*/true));
    behind_->Close(has_dictionary, fallback);
  }

  int64_t total_compressed_bytes_written() const override {
    return behind_->total_compressed_bytes_written();
  }

 private:
  std::shared_ptr<Compressor> compressor_;
  std::unique_ptr<PageWriter> behind_;
  parquet::Compression::type codec_;
  parquet::CodecOptions options_;
  std::deque<std::shared_ptr<Page>> pages_;
  int64_t bytes_written_ = 0;
};

struct RowGroupParts {
  std::shared_ptr<arrow::io::OutputStream> sink;
  std::shared_ptr<parquet::WriterProperties> properties;
  std::shared_ptr<Compressor> compressor;
  std::shared_ptr<parquet::PageIndexBuilder> index;
};

/// A row group whose columns are written beside each other.
class RowGroup : public parquet::RowGroupWriter::Contents {
 public:
  RowGroup(const RowGroupParts& parts, parquet::RowGroupMetaDataBuilder* metadata)
      : metadata_(metadata) {
    const parquet::WriterProperties& properties = *parts.properties;
    for (int i = 0; i < metadata->num_columns(); ++i) {
      parquet::ColumnChunkMetaDataBuilder* column = metadata->NextColumnChunk();
      const auto path = column->descr()->path();
      const parquet::Compression::type codec = properties.compression(path);
      const auto options = properties.codec_options(path);
      parquet::CodecOptions kept = options ? *options : parquet::CodecOptions();
      const bool indexed = properties.page_index_enabled(path);
      auto behind = parquet::PageWriter::Open(
          parts.sink, codec, column, -1, static_cast<int16_t>(i), properties.memory_pool(),
          /*buffered_row_group=*/true, nullptr, nullptr, properties.page_checksum_enabled(),
          indexed && properties.statistics_enabled(path) ? parts.index->GetColumnIndexBuilder(i)
                                                         : nullptr,
          indexed ? parts.index->GetOffsetIndexBuilder(i) : nullptr, kept);
      auto pages = std::make_unique<PooledPageWriter>(parts.compressor, std::move(behind), codec,
                                                      std::move(kept));
      pages_.push_back(pages.get());
      columns_.push_back(ColumnWriter::Make(column, std::move(pages), parts.properties.get()));
    }
  }

  Status HandOn() {
    for (PooledPageWriter* pages : pages_) ARROW_RETURN_NOT_OK(pages->HandOn(/*all=*/false));
    return Status::OK();
  }

  int num_columns() const override { return metadata_->num_columns(); }
  int64_t num_rows() const override {
    return columns_.empty() ? rows_ : columns_.front()->rows_written();
  }
  ColumnWriter* column(int i) override { return columns_[static_cast<size_t>(i)].get(); }
  bool buffered() const override { return true; }

  void Close() override {
    if (closed_) return;
    closed_ = true;
    rows_ = num_rows();
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i]->rows_written() != rows_) {
        throw parquet::ParquetException("columns of a row group differ in their number of rows");
      }
      columns_[i]->Close();
      bytes_written_ += pages_[i]->bytes_written();
      compressed_bytes_written_ += columns_[i]->total_compressed_bytes_written();
    }
    pages_.clear();
    columns_.clear();
    metadata_->set_num_rows(rows_);
    metadata_->Finish(bytes_written_);
  }

  int64_t total_bytes_written() const override { return bytes_written_; }
  int64_t total_compressed_bytes_written() const override { return compressed_bytes_written_; }
  int64_t total_compressed_bytes() const override {
    int64_t bytes = 0;
    for (const auto& column : columns_) bytes += column->total_compressed_bytes();
    return bytes;
  }
  parquet::RowGroupWriter::BufferedStats EstimatedBufferedStats() const override {
    parquet::RowGroupWriter::BufferedStats sum;
    for (const auto& column : columns_) {
      sum.def_level_bytes += column->estimated_buffered_def_level_bytes();
      sum.rep_level_bytes += column->estimated_buffered_rep_level_bytes();
      sum.value_bytes += column->estimated_buffered_value_bytes();
      sum.dict_bytes += column->estimated_buffered_dict_bytes();
    }
    return sum;
  }

  // Columns are not written one after another.
  ColumnWriter* NextColumn() override {
    throw parquet::ParquetException("the columns of a buffered row group have no order");
  }
  int current_column() const override { return -1; }

 private:
  parquet::RowGroupMetaDataBuilder* metadata_;
  std::vector<PooledPageWriter*> pages_;  // of the columns, which own them
  std::vector<std::shared_ptr<ColumnWriter>> columns_;
  int64_t rows_ = 0, bytes_written_ = 0, compressed_bytes_written_ = 0;
  bool closed_ = false;
};

class File : public parquet::ParquetFileWriter::Contents, public PooledPages {
 public:
  File(std::shared_ptr<parquet::schema::GroupNode> schema,
       std::shared_ptr<const arrow::KeyValueMetadata> metadata, RowGroupParts parts)
      : Contents(std::move(schema), std::move(metadata)),
        parts_(std::move(parts)),
        builder_(parquet::FileMetaDataBuilder::Make(&schema_, parts_.properties)) {
    parts_.index = parquet::PageIndexBuilder::Make(&schema_);
    PARQUET_THROW_NOT_OK(parts_.sink->Write(parquet::kParquetMagic, 4));
  }

  parquet::RowGroupWriter* AppendBufferedRowGroup() override {
    CloseRowGroup();
    parts_.index->AppendRowGroup();
    auto contents = std::make_unique<RowGroup>(parts_, builder_->AppendRowGroup());
    ++row_groups_;
    row_group_ = contents.get();
    writer_ = std::make_unique<parquet::RowGroupWriter>(std::move(contents));
    return writer_.get();
  }
  parquet::RowGroupWriter* AppendRowGroup() override {
    throw parquet::ParquetException("row groups are buffered here");
  }

  Status Settle(int64_t bytes) override {
    if (row_group_ == nullptr) return Status::OK();
    try {
      ARROW_RETURN_NOT_OK(row_group_->HandOn());
      parts_.compressor->WaitUntil(bytes);
      return row_group_->HandOn();
    } catch (const parquet::ParquetException& e) {
      return Status::IOError(e.what());
    }
  }

  void Close() override {
    if (closed_) return;
    closed_ = true;
    CloseRowGroup();
    WriteIndex();
    file_metadata_ = builder_->Finish(key_value_metadata_);
    parquet::WriteFileMetaData(*file_metadata_, parts_.sink.get());
  }

  int64_t num_rows() const override { return rows_; }
  int num_columns() const override { return schema_.num_columns(); }
  int num_row_groups() const override { return row_groups_; }
  const std::shared_ptr<parquet::WriterProperties>& properties() const override {
    return parts_.properties;
  }
  void AddKeyValueMetadata(const std::shared_ptr<const arrow::KeyValueMetadata>& more) override {
    key_value_metadata_ = key_value_metadata_ ? key_value_metadata_->Merge(*more) : more;
  }

 private:
  void WriteIndex() {
    if (!parts_.properties->page_index_enabled()) return;
    parts_.index->Finish();
    const auto places = parts_.index->WriteTo(parts_.sink.get());
    builder_->SetIndexLocations(parquet::IndexKind::kColumnIndex, places.column_index_locations);
    builder_->SetIndexLocations(parquet::IndexKind::kOffsetIndex, places.offset_index_locations);
  }

  void CloseRowGroup() {
    if (writer_ == nullptr) return;
    writer_->Close();
    rows_ += writer_->num_rows();
    row_group_ = nullptr;
    writer_.reset();
  }

  RowGroupParts parts_;
  std::unique_ptr<parquet::FileMetaDataBuilder> builder_;
  std::unique_ptr<parquet::RowGroupWriter> writer_;
  RowGroup* row_group_ = nullptr;  // the writer's
  int64_t rows_ = 0;
  int row_groups_ = 0;
  bool closed_ = false;
};

// The schema in the form in which Arrow's readers look for it.
Result<std::shared_ptr<const arrow::KeyValueMetadata>> WithSchema(const arrow::Schema& schema,
                                                                  arrow::MemoryPool* memory) {
  auto metadata =
      schema.metadata() ? schema.metadata()->Copy() : std::make_shared<arrow::KeyValueMetadata>();
  ARROW_ASSIGN_OR_RAISE(const auto serialized, arrow::ipc::SerializeSchema(schema, memory));
  metadata->Append("ARROW:schema", arrow::util::base64_encode(std::string_view(*serialized)));
  return metadata;
}

}  // namespace

Result<PooledFile> OpenPooledFile(const arrow::Schema& schema,
                                  std::shared_ptr<arrow::io::OutputStream> sink,
                                  std::shared_ptr<parquet::WriterProperties> properties,
                                  std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties,
                                  TaskPool* pool) {
  arrow::MemoryPool* memory = properties->memory_pool();
  std::shared_ptr<parquet::SchemaDescriptor> descriptor;
  ARROW_RETURN_NOT_OK(
      parquet::arrow::ToParquetSchema(&schema, *properties, *arrow_properties, &descriptor));
  auto root = std::static_pointer_cast<parquet::schema::GroupNode>(descriptor->schema_root());
  ARROW_ASSIGN_OR_RAISE(auto metadata, WithSchema(schema, memory));
  RowGroupParts parts{std::move(sink), std::move(properties),
                      std::make_shared<Compressor>(pool, memory), nullptr};
  try {
    auto contents = std::make_unique<File>(std::move(root), std::move(metadata), std::move(parts));
    PooledFile file;
    file.pages = contents.get();
    auto writer = std::make_unique<parquet::ParquetFileWriter>();
    writer->Open(std::move(contents));
    ARROW_RETURN_NOT_OK(parquet::arrow::FileWriter::Make(
        memory, std::move(writer), std::make_shared<arrow::Schema>(schema),
        std::move(arrow_properties), &file.writer));
    return file;
  } catch (const parquet::ParquetException& e) {
    return Status::IOError(e.what());
  }
}

}  // namespace millrace::io
