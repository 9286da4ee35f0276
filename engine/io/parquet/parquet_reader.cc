#include "io/parquet/parquet_reader.h"

#include <arrow/array.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>

#include "io/column_lookup.h"
#include "io/parquet/normalised_type.h"

namespace millrace::io {
namespace {

Status Corrupt(const std::string& what) {
  return MakeError(ErrorCode::kCorruptFile, "not a whole Parquet file: " + what);
}

Status CorruptUnlessIo(const Status& status) {
  if (status.ok() || status.detail() != nullptr || status.IsOutOfMemory()) return status;
  return Corrupt(status.message());
}

Result<std::unique_ptr<parquet::ParquetFileReader>> OpenFileReader(
    std::shared_ptr<arrow::io::RandomAccessFile> file) {
  try {
    parquet::ReaderProperties properties;
    properties.enable_buffered_stream();  // columns are read in small pieces, not as a whole
    properties.set_buffer_size(256 << 10);
    return parquet::ParquetFileReader::Open(std::move(file), properties);
  } catch (const std::exception& e) {
    return Corrupt(e.what());
  }
}

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.column_index >= 0) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

// Where a request's values are: members of a struct column below a top-level one.
struct ColumnPath {
  int column = 0;  // top-level, in the file
  std::vector<int> members;
};

class ParquetReader : public RecordReader {
 public:
  Status Open(std::shared_ptr<arrow::io::RandomAccessFile> file, const ParquetReadOptions& options,
              const Projection& projection) {
    ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
    ARROW_ASSIGN_OR_RAISE(auto parquet, OpenFileReader(std::move(file)));
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(options.rows_per_chunk);
    auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(parquet),
                                                 properties);
    ARROW_RETURN_NOT_OK(CorruptUnlessIo(made.status()));
    reader_ = *std::move(made);
    ARROW_RETURN_NOT_OK(CorruptUnlessIo(reader_->GetSchema(&stored_schema_)));
    arrow::FieldVector fields;
    for (const auto& field : stored_schema_->fields()) {
      fields.push_back(field->WithType(NormalisedType(field->type())));
    }
    file_schema_ = arrow::schema(std::move(fields));
    row_group_ = options.row_group_begin - 1;
    row_group_end_ = options.row_group_end < 0 ? reader_->num_row_groups() : options.row_group_end;
    return Project(projection);
  }

  const std::shared_ptr<arrow::Schema>& file_schema() const override { return file_schema_; }
  int64_t header_bytes() const override { return 0; }

  Result<std::shared_ptr<Chunk>> Next() override {
    for (;;) {
      if (batches_) {
        std::shared_ptr<arrow::RecordBatch> batch;
        ARROW_RETURN_NOT_OK(CorruptUnlessIo(batches_->ReadNext(&batch)));
        if (batch) return MakeChunk(std::move(batch));
        batches_.reset();
      }
      if (row_group_ + 1 >= row_group_end_) return nullptr;
      ARROW_RETURN_NOT_OK(OpenRowGroup(++row_group_));
    }
  }

  Result<RawBatch> Parse(const Chunk& chunk) const override {
    RawBatch batch;
    batch.records = chunk.rows;
    arrow::ArrayVector columns;
    for (const ColumnPath& path : paths_) {
      auto array = chunk.decoded->column(path.column);
      for (int member : path.members) {
        ARROW_ASSIGN_OR_RAISE(
            array, static_cast<const arrow::StructArray&>(*array).GetFlattenedField(member));
      }
      auto normalised = Normalised(array);  // fails where a dictionary's code has no value
      ARROW_RETURN_NOT_OK(CorruptUnlessIo(normalised.status()));
      columns.push_back(*std::move(normalised));
    }
    batch.columns = arrow::RecordBatch::Make(batch_schema_, chunk.rows, std::move(columns));
    return batch;
  }

 private:
  Status OpenRowGroup(int row_group) {
    first_row_ = 0;
    if (leaves_.empty()) {  // no column is wanted, but the rows are
      const int64_t rows = reader_->parquet_reader()->metadata()->RowGroup(row_group)->num_rows();
      ARROW_ASSIGN_OR_RAISE(batches_, arrow::RecordBatchReader::Make({arrow::RecordBatch::Make(
                                          arrow::schema({}), rows, arrow::ArrayVector())}));
      return Status::OK();
    }
    auto batches = reader_->GetRecordBatchReader({row_group}, leaves_);
    ARROW_RETURN_NOT_OK(CorruptUnlessIo(batches.status()));
    batches_ = *std::move(batches);
    return Status::OK();
  }

  Result<std::shared_ptr<Chunk>> MakeChunk(std::shared_ptr<arrow::RecordBatch> batch) {
    auto chunk = std::make_shared<Chunk>();
    chunk->index = index_++;
    chunk->row_group = row_group_;
    chunk->first_row = first_row_;
    chunk->rows = batch->num_rows();
    first_row_ += chunk->rows;
    chunk->decoded = std::move(batch);
    return chunk;
  }

  // Fills paths_ and leaves_; positions of paths_ are those of the batches that will be read.
  Status Project(const Projection& projection) {
    ARROW_RETURN_NOT_OK(CheckUnknownColumns(projection, file_schema_->field_names()));
    std::vector<std::string> missing;
    arrow::FieldVector fields;
    if (projection.all) {
      for (int i = 0; i < file_schema_->num_fields(); ++i) paths_.push_back({i, {}});
      fields = file_schema_->fields();
    }
    for (const FieldRequest& request : projection.fields) {
      ColumnPath path;
      const auto type = Find(request.path, &path);
      if (!type) missing.push_back(request.path);
      paths_.push_back(path);
      fields.push_back(arrow::field(request.path, type ? type : arrow::utf8()));
    }
    if (!missing.empty()) return MissingColumns(missing, file_schema_->field_names());
    batch_schema_ = arrow::schema(std::move(fields));

    std::vector<int> used;
    for (const ColumnPath& path : paths_) used.push_back(path.column);
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    for (int column : used) {
      AddLeaves(reader_->manifest().schema_fields[static_cast<size_t>(column)], &leaves_);
    }
    for (ColumnPath& path : paths_) {
      path.column =
          static_cast<int>(std::lower_bound(used.begin(), used.end(), path.column) - used.begin());
    }
    return Status::OK();
  }

  // A column of that name, else the longest column name that the path starts with, then members.
  std::shared_ptr<arrow::DataType> Find(const std::string& wanted, ColumnPath* path) const {
    path->column = stored_schema_->GetFieldIndex(wanted);
    if (path->column >= 0) return file_schema_->field(path->column)->type();
    for (size_t dot = wanted.rfind('.'); dot != std::string::npos && dot > 0;
         dot = wanted.rfind('.', dot - 1)) {
      path->column = stored_schema_->GetFieldIndex(wanted.substr(0, dot));
      if (path->column < 0) continue;
      auto type = stored_schema_->field(path->column)->type();
      for (size_t at = dot; at != std::string::npos;) {
        const size_t next = wanted.find('.', at + 1);
        const auto name = wanted.substr(at + 1, next == std::string::npos ? next : next - at - 1);
        if (type->id() != arrow::Type::STRUCT) return nullptr;
        const int member = static_cast<const arrow::StructType&>(*type).GetFieldIndex(name);
        if (member < 0) return nullptr;
        path->members.push_back(member);
        type = type->field(member)->type();
        at = next;
      }
      return NormalisedType(type);
    }
    return nullptr;
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::Schema> stored_schema_, file_schema_, batch_schema_;
  std::vector<ColumnPath> paths_;
  std::vector<int> leaves_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;  // of row_group_
  int row_group_ = -1, row_group_end_ = 0;
  int64_t first_row_ = 0, index_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                  const ParquetReadOptions& options,
                                                  const Projection& projection) {
  auto reader = std::make_unique<ParquetReader>();
  ARROW_RETURN_NOT_OK(reader->Open(std::move(file), options, projection));
  return reader;
}

Result<std::vector<RowGroupInfo>> ListRowGroups(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  ARROW_ASSIGN_OR_RAISE(auto parquet, OpenFileReader(std::move(file)));
  std::vector<RowGroupInfo> groups;
  const auto metadata = parquet->metadata();
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    const auto group = metadata->RowGroup(i);
    groups.push_back({group->num_rows(), group->total_compressed_size()});
  }
  return groups;
}

}  // namespace millrace::io
