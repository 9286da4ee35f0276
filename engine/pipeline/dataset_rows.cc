#include "pipeline/dataset_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "io/column_lookup.h"
#include "io/object/store_url.h"
#include "io/parquet/shard_writer.h"
#include "io/typed/typed_projection.h"
#include "op/operator_table.h"
#include "pipeline/input_files.h"
#include "pipeline/pipeline.h"
#include "pipeline/places.h"
#include "source/hf_folder.h"

namespace millrace {
namespace pipeline {
namespace {

constexpr int64_t kRowsPerSlice = 1024;  // between two looks at what a file has
constexpr int64_t kBytesPerFile = 64 << 20;
constexpr int64_t kBytesPerChunk = 2 << 20, kRowsPerChunkMax = 65536;

Status NoDataset(const SourceConfig& source) {
  if (!source.load.empty()) {
    return MakeError(ErrorCode::kNoDataset,
                     "the source `" + source.name +
                         "` is what `datasets.load_dataset` gives, which only Python can call",
                     "run it from Python: `millrace.Pipeline.from_yaml(path).run()` "
                     "(docs/guides/python.md)");
  }
  return MakeError(ErrorCode::kNoDataset,
                   "the source `" + source.name + "` is a dataset, and none was handed in",
                   "hand it in from Python: `millrace.Pipeline.from_yaml(...).run(dataset)` "
                   "(docs/guides/python.md)");
}

Result<source::FileSource> OpenFolder(const PipelineConfig& config, const SourceConfig& source) {
  if (io::IsUrl(source.path)) {
    return MakeError(ErrorCode::kUnreadablePath, "`type: hf` reads folders of this machine",
                     "`type: parquet` reads Parquet files at URLs");
  }
  const auto folder = (std::filesystem::path(config.base_dir) / source.path).lexically_normal();
  if (std::filesystem::is_directory(folder)) {
    return source::OpenHfFolder(source.name, folder.string(), source.split);
  }
  return MakeError(ErrorCode::kUnreadablePath, "`" + source.path + "` is no folder");
}

Result<std::shared_ptr<io::Store>> StreamStore(const PipelineConfig& config,
                                               const SourceConfig& source) {
  const std::string folder = "sources/" + source.name + "/stream";
  const std::string place = io::IsUrl(config.workspace)
                                ? io::JoinUrl(config.workspace, folder)
                                : (std::filesystem::path(config.workspace) / folder).string();
  return OpenPlace(place, config.storage, /*private_mode=*/true);
}

/// A stream into files, each of `stream_split_rows` rows or of about kBytesPerFile, or with which a
/// shard of it ends.
class StreamFiles {
 public:
  StreamFiles(io::Store& store, const io::DatasetReadOptions& options, const SnapshotFetch& fetch)
      : store_(store), options_(options), cancelled_(fetch.cancelled), rows_read_(fetch.rows) {}

  /// So many rows of it take about kBytesPerChunk. REQUIRES: Write.
  int64_t RowsPerChunk() const {
    const int64_t row_bytes = std::max<int64_t>(bytes_ / std::max<int64_t>(rows_, 1), 1);
    return std::clamp<int64_t>(kBytesPerChunk / row_bytes, 1, kRowsPerChunkMax);
  }

  Status Write() {
    const DatasetInput& dataset = *options_.dataset;
    io::Projection all;
    all.all = true;
    ARROW_ASSIGN_OR_RAISE(columns_, io::TypedProjection::Make(dataset.schema, all));
    for (shard_ = 0; shard_ < dataset.shards; ++shard_) ARROW_RETURN_NOT_OK(WriteShard());
    // One without rows has columns all the same.
    if (keys_.empty()) {
      shard_ = 0;
      ARROW_RETURN_NOT_OK(Begin());
      ARROW_RETURN_NOT_OK(Finish());
    }
    return RemoveOthers();
  }

 private:
  Status WriteShard() {
    const DatasetInput& dataset = *options_.dataset;
    file_ = dataset.first_file;
    auto batches = dataset.read(shard_, -1);
    if (!batches.ok()) return io::DatasetError(batches.status());
    for (std::shared_ptr<arrow::RecordBatch> batch;;) {
      if (cancelled_ != nullptr && *cancelled_) return Status::Cancelled("cancelled");
      const Status read = (*batches)->ReadNext(&batch);
      if (!read.ok()) return io::DatasetError(read);
      if (batch == nullptr) break;
      ARROW_RETURN_NOT_OK(io::CheckBatch(*dataset.schema, *batch));
      ARROW_RETURN_NOT_OK(Add(*batch));
      if (rows_read_ != nullptr) *rows_read_ += batch->num_rows();
    }
    return Finish();
  }

  Status Add(const arrow::RecordBatch& batch) {
    int64_t taken = 0;
    while (taken < batch.num_rows()) {
      if (writer_ == nullptr) ARROW_RETURN_NOT_OK(Begin());
      io::Chunk chunk;
      chunk.rows = std::min(
          {kRowsPerSlice, batch.num_rows() - taken, options_.stream_split_rows - writer_->rows()});
      chunk.decoded = batch.Slice(taken, chunk.rows);
      taken += chunk.rows;
      ARROW_ASSIGN_OR_RAISE(const io::RawBatch rows, columns_.Parse(chunk));
      ARROW_RETURN_NOT_OK(writer_->Write(rows.columns));
      const bool full = writer_->rows() >= options_.stream_split_rows ||
                        writer_->logical_bytes() >= kBytesPerFile;
      if (full) ARROW_RETURN_NOT_OK(Finish());
    }
    return Status::OK();
  }

  Status Begin() {
    io::ShardWriterOptions options;
    options.hash_in_name = false;
    options.statistics = false;
    const std::string prefix = options_.dataset->shards == 1
                                   ? fmt::format("part-{:06}", file_)
                                   : fmt::format("shard-{:05}-{:06}", shard_, file_);
    ++file_;
    return io::OpenShardWriter(store_, prefix, columns_.file_schema(), options, nullptr)
        .Value(&writer_);
  }

  Status Finish() {
    if (writer_ == nullptr) return Status::OK();
    rows_ += writer_->rows();
    bytes_ += writer_->logical_bytes();
    ARROW_ASSIGN_OR_RAISE(const io::DataFile file, writer_->Finish());
    writer_.reset();
    keys_.insert(file.path);
    return Status::OK();
  }

  // Files of an earlier, longer stream.
  Status RemoveOthers() {
    ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, store_.List(""));
    for (const io::FileInfo& file : files) {
      if (keys_.count(file.key) == 0) ARROW_RETURN_NOT_OK(store_.Remove(file.key));
    }
    return Status::OK();
  }

  io::Store& store_;
  const io::DatasetReadOptions& options_;
  const std::atomic<bool>* cancelled_;
  std::atomic<int64_t>* rows_read_;
  io::TypedProjection columns_;
  std::unique_ptr<io::ShardWriter> writer_;
  std::set<std::string> keys_;
  int64_t rows_ = 0, bytes_ = 0;
  int64_t shard_ = 0, file_ = 0;  // the one that is read, and the number of its next file
};

}  // namespace

const io::DatasetReadOptions* DatasetOf(const SourceConfig& source) {
  return std::get_if<io::DatasetReadOptions>(&source.format);
}

bool IsFolder(const SourceConfig& source) {
  return DatasetOf(source) != nullptr && !source.path.empty();
}

Result<std::shared_ptr<arrow::Schema>> DatasetSchema(const SourceConfig& source,
                                                     const source::FileSource& files) {
  const io::DatasetReadOptions* options = DatasetOf(source);
  if (options == nullptr) return nullptr;
  if (options->dataset != nullptr) return options->dataset->schema;
  if (IsFolder(source) && files.store != nullptr) return source::HfSchema(files);
  const auto* rows = std::get_if<io::DatasetReadOptions>(&files.format);
  return rows == nullptr ? nullptr : rows->dataset->schema;
}

bool HasStream(const PipelineConfig& config) {
  return std::any_of(config.sources.begin(), config.sources.end(), [](const SourceConfig& source) {
    const io::DatasetReadOptions* options = DatasetOf(source);
    return options != nullptr && options->dataset != nullptr && options->dataset->streams();
  });
}

Result<source::FileSource> RowsForRun(const PipelineConfig& config, const SourceConfig& source,
                                      const SnapshotFetch* fetch) {
  const io::DatasetReadOptions& options = *DatasetOf(source);
  if (IsFolder(source)) return OpenFolder(config, source);
  if (options.dataset == nullptr) return NoDataset(source);
  if (!options.dataset->streams()) return source::RowsOfDataset(source.name, options);
  source::FileSource files;
  files.name = source.name;
  files.apart = true;
  files.format = io::ParquetReadOptions();
  ARROW_ASSIGN_OR_RAISE(files.store, StreamStore(config, source));
  if (fetch != nullptr && !fetch->choice.offline) {
    StreamFiles stream(*files.store, options, *fetch);
    ARROW_RETURN_NOT_OK(WithContext(stream.Write(), "source `" + source.name + "`"));
    files.format = io::ParquetReadOptions{.rows_per_chunk = stream.RowsPerChunk()};
  }
  ARROW_ASSIGN_OR_RAISE(std::vector<io::FileInfo> found, files.store->List(""));
  for (io::FileInfo& file : found) {
    if (!io::IsTemporaryKey(file.key)) files.files.push_back(std::move(file));
  }
  return files;
}

}  // namespace pipeline

std::vector<std::string> DatasetSourcesOf(const Pipeline& pipeline) {
  std::vector<std::string> names;
  for (const pipeline::SourceConfig& source : pipeline.config().sources) {
    const bool folder = pipeline::IsFolder(source) || !source.load.empty();
    if (pipeline::DatasetOf(source) != nullptr && !folder) names.push_back(source.name);
  }
  return names;
}

std::map<std::string, std::map<std::string, std::string>> DatasetLoadsOf(const Pipeline& pipeline) {
  std::map<std::string, std::map<std::string, std::string>> loads;
  for (const pipeline::SourceConfig& source : pipeline.config().sources) {
    if (!source.load.empty()) loads[source.name] = source.load;
  }
  return loads;
}

namespace {

// What of a stage looks at all rows; "" for nothing.
std::string GlobalPart(const pipeline::StageConfig& stage) {
  const std::string where = " of stage `" + stage.name + '`';
  if (stage.mixture || stage.inputs.size() > 1) return "the inputs" + where;
  if (stage.value->IsWritten("output_mixture")) return "the `output_mixture`" + where;
  if (stage.shards_multiple_of > 0) return "`shards_multiple_of`" + where;
  const ConfigValue* operators = stage.value->Find("operators");
  if (operators == nullptr) return "";
  for (const ConfigValue& value : operators->items) {
    const op::OperatorType* type = op::FindOperator(value.spec->type_value);
    if (type != nullptr && type->global) return "the operator `" + value.Text("id") + '`' + where;
  }
  return "";
}

std::string GlobalPart(const pipeline::PipelineConfig& config) {
  for (const contract::Contract& contract : config.contracts) {
    for (const contract::Column& column : contract.columns) {
      if (column.unique) return "`unique` of the column `" + column.name + '`';
    }
  }
  for (const pipeline::StageConfig& stage : config.stages) {
    const std::string part = GlobalPart(stage);
    if (!part.empty()) return part;
  }
  if (config.model) return "the model's contract";
  return config.exports.empty() ? "" : "the export `" + config.exports[0].options.name + '`';
}

}  // namespace

Result<int64_t> LazyPieceRows(const Pipeline& pipeline) {
  const pipeline::PipelineConfig& config = pipeline.config();
  const std::vector<std::string> datasets = DatasetSourcesOf(pipeline);
  if (config.sources.size() != 1 || datasets.size() != 1) {
    return MakeError(ErrorCode::kUsage, "`lazy` needs one source alone, of type `dataset`");
  }
  const std::string part = GlobalPart(config);
  if (part.empty()) return pipeline::DatasetOf(config.sources[0])->stream_split_rows;
  return MakeError(ErrorCode::kUsage,
                   part + " needs all rows, so none can leave before the stream has ended",
                   "run it without `lazy`");
}

namespace {

// A name that is wrong is told before the source that it leaves without rows.
Status CheckNames(const Pipeline& pipeline, const std::map<std::string, DatasetInput>& datasets) {
  std::set<std::string> left;
  for (const auto& [name, dataset] : datasets) left.insert(name);
  const std::vector<std::string> names = DatasetSourcesOf(pipeline);
  for (const std::string& name : names) left.erase(name);
  for (const auto& [name, arguments] : DatasetLoadsOf(pipeline)) left.erase(name);
  if (left.empty()) return Status::OK();
  std::string suggestion = DidYouMean(*left.begin(), names);
  if (suggestion.empty()) {
    suggestion = names.empty() ? "write `sources: {" + *left.begin() + ": {type: dataset}}`"
                               : "its sources of that type are " + io::QuotedNames(names);
  }
  return MakeError(ErrorCode::kNoDataset,
                   "the config has no source `" + *left.begin() + "` of type dataset", suggestion);
}

}  // namespace

Result<std::shared_ptr<const Pipeline>> BindDatasets(
    const Pipeline& pipeline, const std::map<std::string, DatasetInput>& datasets) {
  ARROW_RETURN_NOT_OK(CheckNames(pipeline, datasets));
  pipeline::PipelineConfig config = pipeline.config();
  for (pipeline::SourceConfig& source : config.sources) {
    auto* options = std::get_if<io::DatasetReadOptions>(&source.format);
    if (options == nullptr || pipeline::IsFolder(source)) continue;
    const auto found = datasets.find(source.name);
    if (found == datasets.end()) {
      return pipeline::AtPlace(pipeline::NoDataset(source), config, source.span);
    }
    MILLRACE_CHECK(found->second.schema != nullptr && found->second.read);
    options->dataset = std::make_shared<const DatasetInput>(found->second);
  }
  return std::make_shared<const Pipeline>(std::move(config));
}

}  // namespace millrace
