#include <algorithm>

#include "export/parts.h"
#include "export/row_stream.h"
#include "io/parquet/shard_writer.h"

namespace millrace::exporting {
namespace {

constexpr int64_t kRowsPerRead = 8192;

io::ShardWriterOptions WriterOptionsOf(const ExportOptions& options) {
  io::ShardWriterOptions writer;
  writer.rows_per_row_group = options.rows_per_row_group;
  writer.compression_level = options.compression_level;
  writer.hash_in_name = false;
  return writer;
}

Result<io::DataFile> WriteOnePart(RowStream* rows, int64_t count, const std::string& name,
                                  const ExportOptions& options, const ColumnChoice& columns,
                                  const PartTarget& target) {
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        io::OpenShardWriter(*target.store, target.folder + name, columns.schema,
                                            WriterOptionsOf(options), target.pool));
  while (writer->rows() < count) {
    ARROW_ASSIGN_OR_RAISE(auto batch, rows->Next(std::min(kRowsPerRead, count - writer->rows())));
    MILLRACE_CHECK(batch != nullptr);
    ARROW_RETURN_NOT_OK(writer->Write(batch));
  }
  ARROW_ASSIGN_OR_RAISE(io::DataFile file, writer->Finish());
  file.path = name + ".parquet";
  return file;
}

}  // namespace

std::string PartName(size_t index, const std::string& stem) {
  std::string digits = std::to_string(index);
  return stem + "-" + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

std::vector<int64_t> RowsOfParts(const ExportInput& input, const ExportOptions& options) {
  std::vector<int64_t> parts;
  int64_t total = 0;
  for (const io::DataFile& shard : input.shards) {
    total += shard.rows;
    if (options.rows_per_shard == 0 && shard.rows > 0) parts.push_back(shard.rows);
  }
  if (options.rows_per_shard > 0) {
    for (int64_t at = 0; at < total; at += options.rows_per_shard) {
      parts.push_back(std::min(options.rows_per_shard, total - at));
    }
  }
  if (parts.empty()) parts.push_back(0);
  return parts;
}

Result<std::vector<io::DataFile>> WriteParquetParts(const ExportInput& input,
                                                    const ExportOptions& options,
                                                    const ColumnChoice& columns,
                                                    const PartTarget& target) {
  RowStream rows(input, columns.positions);
  std::vector<io::DataFile> files;
  for (int64_t count : RowsOfParts(input, options)) {
    ARROW_ASSIGN_OR_RAISE(io::DataFile file, WriteOnePart(&rows, count, PartName(files.size()),
                                                          options, columns, target));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace millrace::exporting
