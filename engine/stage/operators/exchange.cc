#include "stage/operators/exchange.h"

#include <arrow/api.h>
#include <arrow/ipc/api.h>
#include <xxhash.h>

#include <algorithm>
#include <numeric>

#include "base/reserved_columns.h"
#include "io/parquet/shard_writer.h"
#include "op/row_selection.h"
#include "stage/operators/ipc_file.h"

namespace millrace::stage {
namespace {

constexpr int64_t kRunBytes = 16 << 20;
// A partition reads whole batches and wants a part of each: of every run of every split about
// kPartitionBytes in the share that the run has of all rows. Small batches keep what is read beside
// it small; 10 GB are some 640 runs and 320 partitions, of 50 kB of each run.
constexpr int64_t kBatchBytes = 64 << 10;
constexpr int kKeyColumns = 2;

std::shared_ptr<arrow::Schema> ExchangeSchema(const arrow::Schema& rows) {
  arrow::FieldVector fields = {arrow::field("key_high", arrow::uint64(), false),
                               arrow::field("key_low", arrow::uint64(), false)};
  fields.insert(fields.end(), rows.fields().begin(), rows.fields().end());
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::Schema> IndexSchema() {
  arrow::FieldVector fields;
  for (const char* name : {"first_high", "first_low", "last_high", "last_low"}) {
    fields.push_back(arrow::field(name, arrow::uint64(), false));
  }
  for (const char* name : {"rows", "bytes"}) {
    fields.push_back(arrow::field(name, arrow::int64(), false));
  }
  return arrow::schema(std::move(fields));
}

class Writer : public ExchangeWriter {
 public:
  Writer(const StageStore& place, std::string split_name, uint64_t seed)
      : place_(place), split_name_(std::move(split_name)), seed_(seed) {}

  Status Open(const std::shared_ptr<arrow::Schema>& rows) {
    schema_ = ExchangeSchema(*rows);
    return file_.Open(place_.store(), place_.Key("exchange/" + split_name_), schema_);
  }

  Status Add(const std::shared_ptr<arrow::RecordBatch>& rows) override {
    if (rows->num_rows() == 0) return Status::OK();
    waiting_.push_back(rows);
    waiting_bytes_ += io::LogicalBytes(*rows);
    return waiting_bytes_ >= kRunBytes ? WriteRun() : Status::OK();
  }

  Result<std::vector<KeySummary>> Finish() override {
    ARROW_RETURN_NOT_OK(WriteRun());
    std::vector<KeySummary> files(2);
    files[0].column = "exchange";
    ARROW_ASSIGN_OR_RAISE(files[0].file, file_.Finish());
    files[1].column = "index";
    ARROW_ASSIGN_OR_RAISE(files[1].file, WriteIndex());
    for (KeySummary& file : files) file.file.path = place_.PathOf(file.file.path);
    return files;
  }

 private:
  Status WriteRun() {
    if (waiting_.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(waiting_));
    ARROW_ASSIGN_OR_RAISE(const auto rows, table->CombineChunksToBatch());
    waiting_.clear();
    waiting_bytes_ = 0;
    const auto& ids =
        static_cast<const arrow::StringArray&>(*rows->GetColumnByName(std::string(kRowIdColumn)));
    std::vector<KeyDigest> keys;
    keys.reserve(static_cast<size_t>(rows->num_rows()));
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      const std::string_view id = ids.GetView(row);
      const XXH128_hash_t hash = XXH3_128bits_withSeed(id.data(), id.size(), seed_);
      keys.push_back({hash.high64, hash.low64});
    }
    std::vector<int64_t> order(keys.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return keys[static_cast<size_t>(a)] < keys[static_cast<size_t>(b)];
    });
    const int64_t row_bytes = io::LogicalBytes(*rows) / rows->num_rows() + 1;
    const int64_t rows_per_batch = std::max<int64_t>(1, kBatchBytes / row_bytes);
    for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(rows_per_batch)) {
      const size_t end = std::min(begin + static_cast<size_t>(rows_per_batch), order.size());
      ARROW_RETURN_NOT_OK(WriteBatch(rows, keys, order, begin, end));
    }
    return Status::OK();
  }

  Status WriteBatch(const std::shared_ptr<arrow::RecordBatch>& rows,
                    const std::vector<KeyDigest>& keys, const std::vector<int64_t>& order,
                    size_t begin, size_t end) {
    arrow::UInt64Builder high, low;
    arrow::Int64Builder indices;
    for (size_t i = begin; i < end; ++i) {
      ARROW_RETURN_NOT_OK(high.Append(keys[static_cast<size_t>(order[i])].high));
      ARROW_RETURN_NOT_OK(low.Append(keys[static_cast<size_t>(order[i])].low));
      ARROW_RETURN_NOT_OK(indices.Append(order[i]));
    }
    std::shared_ptr<arrow::Int64Array> places;
    ARROW_RETURN_NOT_OK(indices.Finish(&places));
    ARROW_ASSIGN_OR_RAISE(const auto taken, op::TakeRows(*rows, *places));
    arrow::ArrayVector columns(kKeyColumns);
    ARROW_ASSIGN_OR_RAISE(columns[0], high.Finish());
    ARROW_ASSIGN_OR_RAISE(columns[1], low.Finish());
    const auto& of_rows = taken->columns();
    columns.insert(columns.end(), of_rows.begin(), of_rows.end());
    index_.push_back({keys[static_cast<size_t>(order[begin])],
                      keys[static_cast<size_t>(order[end - 1])], static_cast<int64_t>(end - begin),
                      io::LogicalBytes(*taken)});
    return file_.Write(
        *arrow::RecordBatch::Make(schema_, static_cast<int64_t>(end - begin), std::move(columns)));
  }

  Result<io::DataFile> WriteIndex() const {
    arrow::UInt64Builder keys[4];
    arrow::Int64Builder rows, bytes;
    for (const ExchangeBatch& batch : index_) {
      ARROW_RETURN_NOT_OK(keys[0].Append(batch.first.high));
      ARROW_RETURN_NOT_OK(keys[1].Append(batch.first.low));
      ARROW_RETURN_NOT_OK(keys[2].Append(batch.last.high));
      ARROW_RETURN_NOT_OK(keys[3].Append(batch.last.low));
      ARROW_RETURN_NOT_OK(rows.Append(batch.rows));
      ARROW_RETURN_NOT_OK(bytes.Append(batch.bytes));
    }
    arrow::ArrayVector columns;
    for (arrow::ArrayBuilder* builder :
         std::vector<arrow::ArrayBuilder*>{&keys[0], &keys[1], &keys[2], &keys[3], &rows, &bytes}) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
    }
    IpcFile file;
    ARROW_RETURN_NOT_OK(
        file.Open(place_.store(), place_.Key("exchange/" + split_name_ + "-index"), IndexSchema()));
    ARROW_RETURN_NOT_OK(file.Write(*arrow::RecordBatch::Make(
        IndexSchema(), static_cast<int64_t>(index_.size()), std::move(columns))));
    return file.Finish();
  }

  const StageStore& place_;
  std::string split_name_;
  uint64_t seed_;
  std::shared_ptr<arrow::Schema> schema_;
  mutable IpcFile file_;
  arrow::RecordBatchVector waiting_;
  int64_t waiting_bytes_ = 0;
  std::vector<ExchangeBatch> index_;
};

Status Damaged(const std::string& path, const std::string& what) {
  return MakeError(ErrorCode::kWorkspaceDamaged, path + ' ' + what,
                   "remove it; the next run makes it anew");
}

}  // namespace

Result<std::unique_ptr<ExchangeWriter>> ExchangeWriter::Open(const StageStore& place,
                                                             const std::string& split_name,
                                                             std::shared_ptr<arrow::Schema> schema,
                                                             uint64_t seed) {
  auto writer = std::make_unique<Writer>(place, split_name, seed);
  ARROW_RETURN_NOT_OK(writer->Open(schema));
  return std::unique_ptr<ExchangeWriter>(std::move(writer));
}

Result<std::vector<ExchangeBatch>> ReadExchangeIndex(const StageStore& place,
                                                     const std::vector<KeySummary>& files) {
  const std::string& path = files.at(1).file.path;
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenIpcFile(place, path));
  if (!reader->schema()->Equals(*IndexSchema()) || reader->num_record_batches() != 1) {
    return Damaged(path, "is no index");
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, reader->ReadRecordBatch(0));
  const auto key = [&](int column, int64_t row) {
    return static_cast<const arrow::UInt64Array&>(*rows->column(column)).Value(row);
  };
  const auto number = [&](int column, int64_t row) {
    return static_cast<const arrow::Int64Array&>(*rows->column(column)).Value(row);
  };
  std::vector<ExchangeBatch> index;
  for (int64_t i = 0; i < rows->num_rows(); ++i) {
    index.push_back({{key(0, i), key(1, i)}, {key(2, i), key(3, i)}, number(4, i), number(5, i)});
  }
  return index;
}

KeyRange PartOfKeys(int64_t part, int64_t parts) {
  using Wide = unsigned __int128;
  const Wide whole = Wide{1} << 64;
  const auto at = [&](int64_t i) {
    return whole * static_cast<Wide>(i) / static_cast<Wide>(parts);
  };
  return {static_cast<uint64_t>(at(part)), static_cast<uint64_t>(at(part + 1) - 1)};
}

ExchangeReader::~ExchangeReader() = default;

Result<std::unique_ptr<ExchangeReader>> ExchangeReader::Open(const StageStore& place,
                                                             const std::vector<KeySummary>& files) {
  std::unique_ptr<ExchangeReader> reader(new ExchangeReader);
  ARROW_ASSIGN_OR_RAISE(reader->file_, OpenIpcFile(place, files.at(0).file.path));
  return reader;
}

Result<std::shared_ptr<arrow::RecordBatch>> ExchangeReader::Read(size_t batch,
                                                                 const KeyRange& range) const {
  ARROW_ASSIGN_OR_RAISE(const auto rows, file_->ReadRecordBatch(static_cast<int>(batch)));
  const auto& high = static_cast<const arrow::UInt64Array&>(*rows->column(0));
  const uint64_t* begin = high.raw_values();
  const uint64_t* end = begin + high.length();
  const uint64_t* first = std::lower_bound(begin, end, range.begin);
  const uint64_t* last = std::upper_bound(first, end, range.end);
  if (first == begin && last == end) return rows;
  // Not a slice: that would hold the whole batch, and of many a partition wants but a few rows.
  arrow::Int64Builder wanted;
  for (const uint64_t* row = first; row < last; ++row) {
    ARROW_RETURN_NOT_OK(wanted.Append(row - begin));
  }
  std::shared_ptr<arrow::Int64Array> places;
  ARROW_RETURN_NOT_OK(wanted.Finish(&places));
  return op::TakeRows(*rows, *places);
}

}  // namespace millrace::stage
