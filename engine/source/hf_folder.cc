#include "source/hf_folder.h"

#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/diagnostic.h"
#include "contract/features.h"

namespace millrace::source {
namespace {

using Json = nlohmann::ordered_json;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

constexpr char kDictFile[] = "dataset_dict.json", kStateFile[] = "state.json";

Status Unreadable(const std::string& folder, const std::string& why, const std::string& help) {
  return MakeError(ErrorCode::kUnreadablePath, "`" + folder + "` " + why, help);
}

Status Corrupt(const std::string& file, const std::string& why) {
  return MakeError(ErrorCode::kCorruptFile, file + " is no whole Arrow stream: " + why);
}

Result<Json> ReadJson(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, store.ReadSmall(key));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return MakeError(ErrorCode::kCorruptFile, store.Describe() + "/" + key + " is no JSON object");
}

std::string Listed(const std::set<std::string>& splits) {
  std::string text;
  for (const std::string& split : splits) text += (text.empty() ? "`" : ", `") + split + "`";
  return text;
}

// The split that is meant: the one that is named, or the only one.
Result<std::string> ChooseSplit(const std::string& folder, const std::set<std::string>& splits,
                                const std::string& wanted) {
  if (splits.count(wanted) > 0) return wanted;
  if (wanted.empty() && splits.size() == 1) return *splits.begin();
  if (wanted.empty()) {
    return Unreadable(folder, "holds several splits", "name one: `split:` " + Listed(splits));
  }
  const std::vector<std::string> names(splits.begin(), splits.end());
  std::string help = DidYouMean(wanted, names);
  if (help.empty()) help = "there are " + Listed(splits);
  return Unreadable(folder, "has no split `" + wanted + "`", help);
}

std::shared_ptr<arrow::Schema> WithFeaturesOf(const arrow::Schema& schema) {
  Json features;
  if (schema.metadata() != nullptr) {
    const auto told = schema.metadata()->Get(contract::kFeaturesKey);
    const Json json = Json::parse(told.ValueOr(""), nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.contains("info") && json["info"].is_object()) {
      features = json["info"].value("features", Json());
    }
  }
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    auto plain = field->RemoveMetadata();
    if (features.is_object() && features.contains(field->name())) {
      plain = plain->WithMetadata(
          arrow::key_value_metadata({contract::kFeatureKey}, {features[field->name()].dump()}));
    }
    fields.push_back(std::move(plain));
  }
  return arrow::schema(std::move(fields));
}

// A reader takes the end of a file for the end of the stream: the mark that stands there tells.
Status CheckEnd(arrow::io::RandomAccessFile& file, const std::string& path, int64_t size) {
  constexpr std::string_view kMark("\xff\xff\xff\xff\0\0\0\0", 8);
  if (size >= static_cast<int64_t>(kMark.size())) {
    ARROW_ASSIGN_OR_RAISE(const auto end, file.ReadAt(size - 8, 8));
    if (std::string_view(*end) == kMark) return Status::OK();
  }
  return Corrupt(path, "its end is missing");
}

// A memory map is all that is held: batches refer to it.
Status ReadArrowStream(const std::string& path, std::shared_ptr<arrow::Schema>* schema,
                       Batches* batches, int64_t* bytes) {
  ARROW_ASSIGN_OR_RAISE(auto file,
                        arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  *bytes += size;
  ARROW_RETURN_NOT_OK(CheckEnd(*file, path, size));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(file);
  if (!reader.ok()) return Corrupt(path, reader.status().message());
  if (*schema == nullptr) *schema = (*reader)->schema();
  if (!(*schema)->Equals(*(*reader)->schema(), /*check_metadata=*/false)) {
    return Corrupt(path, "its columns are not those of the files before it");
  }
  for (std::shared_ptr<arrow::RecordBatch> batch;;) {
    const Status read = (*reader)->ReadNext(&batch);
    if (!read.ok()) return Corrupt(path, read.message());
    if (batch == nullptr) return Status::OK();
    if (batch->num_rows() > 0) batches->push_back(std::move(batch));
  }
}

/// Rows of many batches by their numbers.
class HeldBatches {
 public:
  HeldBatches(std::shared_ptr<arrow::Schema> schema, Batches batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {
    for (const auto& batch : batches_) ends_.push_back(rows() + batch->num_rows());
  }
  int64_t rows() const { return ends_.empty() ? 0 : ends_.back(); }

  Result<std::shared_ptr<arrow::RecordBatchReader>> Read(int64_t begin, int64_t end) const {
    Batches slices;
    auto at =
        static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), begin) - ends_.begin());
    for (int64_t row = begin; row < end; ++at) {
      const int64_t first = ends_[at] - batches_[at]->num_rows();
      const int64_t last = std::min(end, ends_[at]);
      slices.push_back(batches_[at]->Slice(row - first, last - row));
      row = last;
    }
    return arrow::RecordBatchReader::Make(std::move(slices), schema_);
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const Batches batches_;
  std::vector<int64_t> ends_;  // of each batch
};

Result<FileSource> OpenSaved(const std::string& name, const std::string& folder, io::Store& store) {
  ARROW_ASSIGN_OR_RAISE(const Json state, ReadJson(store, kStateFile));
  const Json files = state.value("_data_files", Json());
  const Json fingerprint = state.value("_fingerprint", Json());
  std::shared_ptr<arrow::Schema> schema;
  Batches batches;
  DatasetInput dataset;
  std::vector<io::FileInfo> opened;
  for (const Json& file : files) {
    const Json path = file.is_object() ? file.value("filename", Json()) : Json();
    if (!path.is_string()) continue;
    ARROW_ASSIGN_OR_RAISE(opened.emplace_back(), store.Stat(path.get<std::string>()));
    ARROW_RETURN_NOT_OK(ReadArrowStream(store.LocalPath(path.get<std::string>()), &schema, &batches,
                                        &dataset.bytes));
  }
  if (schema == nullptr || !fingerprint.is_string()) {
    return Unreadable(
        folder,
        "holds no dataset: its " + std::string(kStateFile) + " names no files or no fingerprint",
        "`dataset.save_to_disk(...)` writes such folders");
  }
  dataset.schema = WithFeaturesOf(*schema);
  dataset.fingerprint = fingerprint.get<std::string>();
  const auto held = std::make_shared<const HeldBatches>(schema, std::move(batches));
  dataset.rows = held->rows();
  dataset.lies_in_memory = true;
  dataset.read = [held](int64_t begin, int64_t end) { return held->Read(begin, end); };
  FileSource saved;
  saved.name = name;
  saved.format = io::ParquetReadOptions();  // of any files
  saved.store = io::MakeLocalStore(folder);
  dataset.check_unchanged = [saved, opened]() -> Status {
    for (const io::FileInfo& file : opened) ARROW_RETURN_NOT_OK(CheckUnchanged(saved, file));
    return Status::OK();
  };
  io::DatasetReadOptions options;
  options.dataset = std::make_shared<const DatasetInput>(std::move(dataset));
  return RowsOfDataset(name, options);
}

// "train" of "train-00000-of-00002.parquet", of "data/train.parquet" and of "train/0000.parquet".
bool BelongsTo(const std::string& key, const std::string& split) {
  for (size_t begin = 0; begin != std::string::npos;) {
    const size_t end = key.find('/', begin);
    const std::string part = key.substr(begin, end == std::string::npos ? end : end - begin);
    const bool whole =
        part.rfind(split, 0) == 0 && (part.size() == split.size() || part[split.size()] == '-' ||
                                      part[split.size()] == '.' || part[split.size()] == '_');
    if (whole) return true;
    begin = end == std::string::npos ? end : end + 1;
  }
  return false;
}

Result<FileSource> OpenParquetLayout(const std::string& name, const std::string& folder,
                                     const std::string& split) {
  constexpr const char* kUsual[] = {"train", "test", "validation", "valid", "dev"};
  ARROW_ASSIGN_OR_RAISE(FileSource all, ExpandFiles(name, folder, "/", io::ParquetReadOptions()));
  std::set<std::string> there;
  for (const io::FileInfo& file : all.files) {
    for (const char* usual : kUsual) {
      if (BelongsTo(file.key, usual)) there.insert(usual);
    }
    if (!split.empty() && BelongsTo(file.key, split)) there.insert(split);
  }
  if (there.empty() && split.empty()) return all;  // files of no split in particular
  ARROW_ASSIGN_OR_RAISE(const std::string chosen, ChooseSplit(folder, there, split));
  all.files.erase(
      std::remove_if(all.files.begin(), all.files.end(),
                     [&](const io::FileInfo& file) { return !BelongsTo(file.key, chosen); }),
      all.files.end());
  return all;
}

}  // namespace

Result<FileSource> OpenHfFolder(const std::string& name, const std::string& folder,
                                const std::string& split) {
  std::shared_ptr<io::Store> store = io::MakeLocalStore(folder);
  ARROW_ASSIGN_OR_RAISE(const bool dict, store->Exists(kDictFile));
  if (dict) {
    ARROW_ASSIGN_OR_RAISE(const Json json, ReadJson(*store, kDictFile));
    std::set<std::string> splits;
    for (const Json& one : json.value("splits", Json::array())) {
      if (one.is_string()) splits.insert(one.get<std::string>());
    }
    ARROW_ASSIGN_OR_RAISE(const std::string chosen, ChooseSplit(folder, splits, split));
    store = io::MakeLocalStore(folder + "/" + chosen);
    return OpenSaved(name, folder + "/" + chosen, *store);
  }
  ARROW_ASSIGN_OR_RAISE(const bool saved, store->Exists(kStateFile));
  if (!saved) return OpenParquetLayout(name, folder, split);
  if (!split.empty()) {
    return Unreadable(folder, "is one dataset, without splits", "leave `split` out");
  }
  return OpenSaved(name, folder, *store);
}

Result<std::shared_ptr<arrow::Schema>> HfSchema(const FileSource& source) {
  if (const auto* rows = std::get_if<io::DatasetReadOptions>(&source.format)) {
    return rows->dataset->schema;
  }
  if (source.files.empty()) return arrow::schema({});
  ARROW_ASSIGN_OR_RAISE(auto file, source.store->OpenForRead(source.files.front().key));
  try {
    const auto metadata = parquet::ParquetFileReader::Open(std::move(file))->metadata();
    std::shared_ptr<arrow::Schema> schema;
    ARROW_RETURN_NOT_OK(parquet::arrow::FromParquetSchema(
        metadata->schema(), parquet::default_arrow_reader_properties(),
        metadata->key_value_metadata(), &schema));
    return WithFeaturesOf(*schema);
  } catch (const parquet::ParquetException& e) {
    return MakeError(ErrorCode::kCorruptFile,
                     source.files.front().key + " is no readable Parquet file: " + e.what());
  }
}

}  // namespace millrace::source
