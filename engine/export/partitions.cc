// Hive-style folders: country=DE/part-00000.parquet. The number of partitions is not known before
// all rows were seen and every open file takes memory, so the keys are collected first and then a
// few partitions at a time are written, each time reading the input again.
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/initialize.h>
#include <arrow/datum.h>

#include <algorithm>
#include <map>

#include "export/partition_key.h"
#include "export/parts.h"
#include "export/row_stream.h"
#include "io/parquet/shard_writer.h"

namespace millrace::exporting {
namespace {

constexpr int64_t kRowsPerRead = 8192;
constexpr size_t kPartitionsMax = 10000;
constexpr size_t kOpenPartitionsMax = 16;
constexpr int64_t kBytesPerRowGroup = 8 << 20;  // times the open partitions: the memory in use

// The folder of each row of a batch that has the partition columns first.
Result<std::vector<std::string>> FoldersOf(const arrow::RecordBatch& keys,
                                           const ExportOptions& options) {
  std::vector<std::string> folders(static_cast<size_t>(keys.num_rows()));
  for (size_t k = 0; k < options.partition_by.size(); ++k) {
    ARROW_RETURN_NOT_OK(AppendPartitionFolders(options.partition_by[k],
                                               *keys.column(static_cast<int>(k)), &folders));
  }
  return folders;
}

std::vector<int> KeyPositions(const arrow::Schema& schema, const ExportOptions& options) {
  std::vector<int> positions;
  for (const std::string& name : options.partition_by)
    positions.push_back(schema.GetFieldIndex(name));
  return positions;
}

Result<std::map<std::string, int64_t>> CountPartitions(const ExportInput& input,
                                                       const ExportOptions& options,
                                                       const std::vector<int>& key_positions) {
  std::map<std::string, int64_t> rows_of;
  RowStream rows(input, key_positions);
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto batch, rows.Next(kRowsPerRead));
    if (batch == nullptr) return rows_of;
    ARROW_ASSIGN_OR_RAISE(auto folders, FoldersOf(*batch, options));
    for (const std::string& folder : folders) ++rows_of[folder];
    if (rows_of.size() > kPartitionsMax) {
      return MakeError(ErrorCode::kBadValue,
                       "partition_by of the export \"" + options.name + "\" gives more than " +
                           std::to_string(kPartitionsMax) + " folders",
                       "partition by columns with fewer distinct values");
    }
  }
}

// One partition being written: its parts follow each other.
class Partition {
 public:
  Partition(std::string folder, const ExportOptions& options, std::shared_ptr<arrow::Schema> schema,
            const PartTarget& target)
      : folder_(std::move(folder)),
        options_(options),
        schema_(std::move(schema)),
        target_(target) {}

  Status Write(std::shared_ptr<arrow::RecordBatch> batch) {
    while (batch->num_rows() > 0) {
      if (!writer_) ARROW_RETURN_NOT_OK(OpenPart());
      int64_t room = batch->num_rows();
      if (options_.rows_per_shard > 0)
        room = std::min(room, options_.rows_per_shard - writer_->rows());
      ARROW_RETURN_NOT_OK(writer_->Write(batch->Slice(0, room)));
      batch = batch->Slice(room);
      if (writer_->rows() == options_.rows_per_shard) ARROW_RETURN_NOT_OK(ClosePart());
    }
    return Status::OK();
  }

  Result<std::vector<io::DataFile>> Finish() {
    if (writer_) ARROW_RETURN_NOT_OK(ClosePart());
    return std::move(files_);
  }

 private:
  Status OpenPart() {
    io::ShardWriterOptions writer;
    writer.rows_per_row_group = options_.rows_per_row_group;
    writer.bytes_per_row_group = kBytesPerRowGroup;
    writer.compression_level = options_.compression_level;
    writer.hash_in_name = false;
    name_ = folder_ + PartName(files_.size());
    return io::OpenShardWriter(*target_.store, target_.folder + name_, schema_, writer,
                               target_.pool)
        .Value(&writer_);
  }
  Status ClosePart() {
    ARROW_ASSIGN_OR_RAISE(io::DataFile file, writer_->Finish());
    file.path = name_ + ".parquet";
    files_.push_back(std::move(file));
    writer_.reset();
    return Status::OK();
  }

  std::string folder_, name_;
  const ExportOptions& options_;
  std::shared_ptr<arrow::Schema> schema_;
  const PartTarget& target_;
  std::unique_ptr<io::ShardWriter> writer_;
  std::vector<io::DataFile> files_;
};

using OpenPartitions = std::map<std::string, std::unique_ptr<Partition>>;

// `batch` has the key columns first and then those to be written.
Status Distribute(const std::shared_ptr<arrow::RecordBatch>& batch, const ExportOptions& options,
                  const std::shared_ptr<arrow::Schema>& schema, OpenPartitions* partitions) {
  const int keys = static_cast<int>(options.partition_by.size());
  ARROW_ASSIGN_OR_RAISE(auto folders, FoldersOf(*batch, options));
  std::map<Partition*, std::unique_ptr<arrow::Int64Builder>> rows_of;
  for (size_t row = 0; row < folders.size(); ++row) {
    auto found = partitions->find(folders[row]);
    if (found == partitions->end()) continue;
    auto& rows = rows_of[found->second.get()];
    if (!rows) rows = std::make_unique<arrow::Int64Builder>();
    ARROW_RETURN_NOT_OK(rows->Append(static_cast<int64_t>(row)));
  }
  std::vector<std::shared_ptr<arrow::Array>> columns(batch->columns().begin() + keys,
                                                     batch->columns().end());
  auto values = arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
  for (auto& [partition, builder] : rows_of) {
    ARROW_ASSIGN_OR_RAISE(auto rows, builder->Finish());
    ARROW_ASSIGN_OR_RAISE(arrow::Datum taken,
                          arrow::compute::Take(arrow::Datum(values), arrow::Datum(rows)));
    ARROW_RETURN_NOT_OK(partition->Write(taken.record_batch()));
  }
  return Status::OK();
}

}  // namespace

Result<std::vector<io::DataFile>> WritePartitions(const ExportInput& input,
                                                  const ExportOptions& options,
                                                  const ColumnChoice& columns,
                                                  const PartTarget& target) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  ARROW_ASSIGN_OR_RAISE(auto input_schema, SchemaOfInput(input));
  const std::vector<int> key_positions = KeyPositions(*input_schema, options);
  ARROW_ASSIGN_OR_RAISE(auto rows_of, CountPartitions(input, options, key_positions));
  const ColumnChoice written = WithoutColumns(columns, options.partition_by);
  std::vector<int> positions = key_positions;
  positions.insert(positions.end(), written.positions.begin(), written.positions.end());
  std::vector<io::DataFile> files;
  for (auto next = rows_of.begin(); next != rows_of.end();) {
    OpenPartitions open;
    for (; next != rows_of.end() && open.size() < kOpenPartitionsMax; ++next) {
      open[next->first] = std::make_unique<Partition>(next->first, options, written.schema, target);
    }
    RowStream rows(input, positions);
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(auto batch, rows.Next(kRowsPerRead));
      if (batch == nullptr) break;
      ARROW_RETURN_NOT_OK(Distribute(batch, options, written.schema, &open));
    }
    for (auto& [folder, partition] : open) {
      ARROW_ASSIGN_OR_RAISE(auto parts, partition->Finish());
      files.insert(files.end(), parts.begin(), parts.end());
    }
  }
  return files;
}

}  // namespace millrace::exporting
