#include "io/text/keyed_records.h"

#include <arrow/array/builder_binary.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace millrace::io {
namespace {

constexpr int64_t kSampleBytes = 1 << 20;
constexpr int64_t kNoRecordBytesMax = 32 << 20;  // so far a first record is looked for

class KeyedReader : public RecordReader {
 public:
  KeyedReader(std::unique_ptr<KeyedSource> source, const KeyedOptions& options,
              const Projection& projection)
      : source_(std::move(source)), options_(options), projection_(projection) {}

  Status Open() {
    if (projection_.all) ARROW_RETURN_NOT_OK(RequestAll());
    arrow::FieldVector fields;
    for (const FieldRequest& request : projection_.fields) {
      columns_[request.path].push_back(fields.size());
      fields.push_back(arrow::field(request.path, arrow::utf8()));
    }
    known_.insert(projection_.known.begin(), projection_.known.end());
    schema_ = arrow::schema(std::move(fields));
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& file_schema() const override { return schema_; }
  int64_t header_bytes() const override { return 0; }
  ReadAs read_as() const override { return source_->read_as(); }

  Result<std::shared_ptr<Chunk>> Next() override {
    if (sampled_.empty()) return source_->Next();
    std::shared_ptr<Chunk> chunk = std::move(sampled_.front());
    sampled_.pop_front();
    return chunk;
  }

  Result<RawBatch> Parse(const Chunk& chunk) const override {
    const auto& records = static_cast<const RecordsChunk&>(chunk).records;
    RawBatch batch;
    batch.bytes_accounted = chunk.bytes_size();
    std::vector<arrow::StringBuilder> builders(projection_.fields.size());
    if (chunk.oversize_bytes > 0) RejectTooLong(chunk, 0, chunk.oversize_bytes, &batch);
    for (const RecordExtent& extent : records) {
      if (extent.length > options_.record_bytes_max) {
        RejectTooLong(chunk, extent.offset, extent.length, &batch);
      } else {
        ARROW_RETURN_NOT_OK(AddRecord(chunk, extent, &builders, &batch));
      }
      ++batch.records;
    }
    if (chunk.oversize_bytes > 0) batch.records = 1;
    const auto rows = static_cast<int64_t>(batch.extents.size());
    if (batch.rejects.empty()) batch.record_of_row.clear();
    arrow::ArrayVector arrays;
    for (arrow::StringBuilder& builder : builders) {
      ARROW_ASSIGN_OR_RAISE(auto array, builder.Finish());
      arrays.push_back(std::move(array));
    }
    batch.columns = arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
    return batch;
  }

 private:
  static std::string_view Text(const Chunk& chunk, const RecordExtent& extent) {
    return std::string_view(*chunk.bytes).substr(extent.offset, extent.length);
  }

  /// Reads ahead until the sample is complete; what was read is handed out by Next.
  Status RequestAll() {
    std::unordered_set<std::string> seen;
    projection_.fields.clear();
    bool any = false;
    for (int64_t end = 0; end < kSampleBytes || !any;) {
      // A damaged file: its good chunks come first, then Next meets the damage again.
      Result<std::shared_ptr<RecordsChunk>> chunk = source_->Next();
      if (!chunk.ok() || *chunk == nullptr) break;
      for (const RecordExtent& extent : (*chunk)->records) {
        const bool beyond = (*chunk)->byte_offset + extent.offset >= kSampleBytes;
        if ((beyond && any) || extent.length > options_.record_bytes_max) continue;
        const KeyedRecord record = source_->Read(Text(**chunk, extent));
        if (!record.rule.empty()) continue;
        any = true;
        for (const auto& [name, value] : record.values) {
          if (seen.insert(name).second) projection_.fields.emplace_back().path = name;
        }
      }
      end = (*chunk)->byte_offset + (*chunk)->bytes_size();
      sampled_.push_back(std::move(*chunk));
      if (end > kNoRecordBytesMax) break;
    }
    return Status::OK();
  }

  Status AddRecord(const Chunk& chunk, const RecordExtent& extent,
                   std::vector<arrow::StringBuilder>* builders, RawBatch* batch) const {
    const KeyedRecord record = source_->Read(Text(chunk, extent));
    if (!record.rule.empty()) {
      AddReject(chunk, extent.offset, extent.length, record.rule, record.message, batch);
      return Status::OK();
    }
    if (projection_.unknown == UnknownFields::kReject) {
      for (const auto& [name, value] : record.values) {
        if (columns_.count(name) > 0 || known_.count(name) > 0) continue;
        AddReject(chunk, extent.offset, extent.length, options_.format + ".unknown_field",
                  "the contract does not know a field of the record", batch);
        batch->rejects.back().value = name;
        return Status::OK();
      }
    }
    for (const auto& [name, value] : record.values) {
      const auto found = columns_.find(name);
      if (found == columns_.end()) continue;
      for (const size_t column : found->second) {
        ARROW_RETURN_NOT_OK((*builders)[column].Append(value));
      }
    }
    batch->record_of_row.push_back(static_cast<uint32_t>(batch->records));
    batch->extents.push_back(extent);
    const auto rows = static_cast<int64_t>(batch->extents.size());
    for (arrow::StringBuilder& builder : *builders) {
      if (builder.length() < rows) ARROW_RETURN_NOT_OK(builder.AppendNull());
      MILLRACE_CHECK(builder.length() == rows);  // a name stands once in a record
    }
    return Status::OK();
  }

  void RejectTooLong(const Chunk& chunk, int64_t offset, int64_t length, RawBatch* batch) const {
    AddReject(chunk, offset, length, options_.format + ".record_too_long", "the record is too long",
              batch);
    batch->rejects.back().value = std::to_string(length);
    batch->rejects.back().threshold = std::to_string(options_.record_bytes_max);
  }

  static void AddReject(const Chunk& chunk, int64_t offset, int64_t length, std::string rule,
                        std::string message, RawBatch* batch) {
    Reject reject;
    reject.record = batch->records;
    reject.byte_offset = chunk.byte_offset + offset;
    reject.byte_length = length;
    reject.rule = std::move(rule);
    reject.message = std::move(message);
    const int64_t held = std::min({length, kRejectRawBytesMax, chunk.bytes->size() - offset});
    reject.raw = std::string_view(*chunk.bytes)
                     .substr(static_cast<size_t>(offset), static_cast<size_t>(held));
    batch->rejects.push_back(std::move(reject));
  }

  std::unique_ptr<KeyedSource> source_;
  const KeyedOptions options_;
  Projection projection_;
  std::unordered_map<std::string, std::vector<size_t>> columns_;
  std::unordered_set<std::string> known_;
  std::shared_ptr<arrow::Schema> schema_;
  std::deque<std::shared_ptr<Chunk>> sampled_;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> ReadKeyedRecords(std::unique_ptr<KeyedSource> source,
                                                       const KeyedOptions& options,
                                                       const Projection& projection) {
  auto reader = std::make_unique<KeyedReader>(std::move(source), options, projection);
  ARROW_RETURN_NOT_OK(reader->Open());
  return reader;
}

}  // namespace millrace::io
