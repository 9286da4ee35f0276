#include "stage/key_summary.h"

#include <arrow/api.h>
#include <arrow/ipc/api.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "io/parquet/file_sink.h"

namespace millrace::stage {
namespace {

constexpr int64_t kBatchesPerRun = kKeysPerRun / kKeysPerBatch;
constexpr int kDigestBytes = 16;
static_assert(kKeysPerRun % kKeysPerBatch == 0);

std::shared_ptr<arrow::Schema> KeySchema() {
  return arrow::schema({arrow::field("digest", arrow::fixed_size_binary(kDigestBytes), false),
                        arrow::field("position", arrow::int64(), false)});
}

uint64_t BigEndian(uint64_t value) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

Result<std::shared_ptr<arrow::RecordBatch>> ToBatch(const Key* keys, int64_t count) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> digests,
                        arrow::AllocateBuffer(count * kDigestBytes));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> positions, arrow::AllocateBuffer(count * 8));
  auto* digest = reinterpret_cast<uint64_t*>(digests->mutable_data());
  auto* position = reinterpret_cast<int64_t*>(positions->mutable_data());
  for (int64_t i = 0; i < count; ++i) {
    *digest++ = BigEndian(keys[i].digest.high);
    *digest++ = BigEndian(keys[i].digest.low);
    *position++ = keys[i].position;
  }
  const auto schema = KeySchema();
  return arrow::RecordBatch::Make(
      schema, count,
      {arrow::ArrayData::Make(schema->field(0)->type(), count, {nullptr, digests}, 0),
       arrow::ArrayData::Make(arrow::int64(), count, {nullptr, positions}, 0)});
}

class Writer : public KeySummaryWriter {
 public:
  Writer(std::string key_prefix, TaskPool* pool)
      : key_prefix_(std::move(key_prefix)), pool_(pool) {}
  ~Writer() override { sorting_done_.Wait(); }

  Status Open(io::Store& store) {
    ARROW_ASSIGN_OR_RAISE(auto file, store.Create(key_prefix_));
    sink_ = std::make_shared<io::FileSink>(std::move(file));
    return arrow::ipc::MakeFileWriter(sink_, KeySchema()).Value(&writer_);
  }

  Status Add(KeyDigest digest, int64_t position) override {
    filling_.push_back({digest, position});
    return static_cast<int64_t>(filling_.size()) == kKeysPerRun ? StartRun() : Status::OK();
  }

  Result<io::DataFile> Finish() override {
    ARROW_RETURN_NOT_OK(StartRun());
    ARROW_RETURN_NOT_OK(WriteSorted());
    ARROW_RETURN_NOT_OK(writer_->Close());
    ARROW_RETURN_NOT_OK(sink_->Close());
    io::DataFile file;
    file.rows = rows_;
    ARROW_ASSIGN_OR_RAISE(file.bytes, sink_->Tell());
    file.sha256 = sink_->FinishSha256();
    file.path = key_prefix_ + '-' + file.sha256.substr(0, 12) + ".arrow";
    ARROW_RETURN_NOT_OK(sink_->Commit(file.path));
    return file;
  }

 private:
  // The run before is written while this one is sorted elsewhere.
  Status StartRun() {
    ARROW_RETURN_NOT_OK(WriteSorted());
    std::swap(filling_, sorting_);
    const auto sort = [this] {
      std::sort(sorting_.begin(), sorting_.end());
      sorting_done_.Done();
    };
    sorting_done_.Add();
    if (pool_ != nullptr) {
      pool_->Submit(sort, TaskPool::Priority::kUrgent);
    } else {
      sort();
    }
    return Status::OK();
  }

  Status WriteSorted() {
    sorting_done_.Wait();
    const auto total = static_cast<int64_t>(sorting_.size());
    for (int64_t begin = 0; begin < total; begin += kKeysPerBatch) {
      ARROW_ASSIGN_OR_RAISE(
          auto batch, ToBatch(sorting_.data() + begin, std::min(kKeysPerBatch, total - begin)));
      ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(*batch));
    }
    rows_ += total;
    sorting_.clear();
    return Status::OK();
  }

  std::string key_prefix_;
  TaskPool* pool_;
  std::shared_ptr<io::FileSink> sink_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
  std::vector<Key> filling_, sorting_;
  TaskLatch sorting_done_;
  int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<KeySummaryWriter>> KeySummaryWriter::Open(io::Store& store,
                                                                 const std::string& key_prefix,
                                                                 TaskPool* pool) {
  auto writer = std::make_unique<Writer>(key_prefix, pool);
  ARROW_RETURN_NOT_OK(writer->Open(store));
  return std::unique_ptr<KeySummaryWriter>(std::move(writer));
}

KeySummaryReader::~KeySummaryReader() = default;

Result<std::shared_ptr<KeySummaryReader>> KeySummaryReader::Open(io::Store& store,
                                                                 const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(auto input, store.OpenForRead(key));
  std::shared_ptr<KeySummaryReader> reader(new KeySummaryReader);
  ARROW_ASSIGN_OR_RAISE(reader->file_, arrow::ipc::RecordBatchFileReader::Open(input));
  if (!reader->file_->schema()->Equals(*KeySchema())) {
    return MakeError(ErrorCode::kWorkspaceDamaged, key + " is no summary of keys");
  }
  reader->batches_ = reader->file_->num_record_batches();
  return reader;
}

int64_t KeySummaryReader::runs() const { return (batches_ + kBatchesPerRun - 1) / kBatchesPerRun; }
int64_t KeySummaryReader::first_batch(int64_t run) const {
  return std::min(run * kBatchesPerRun, batches_);
}

Result<std::vector<Key>> KeySummaryReader::ReadBatch(int64_t batch) const {
  ARROW_ASSIGN_OR_RAISE(const auto rows, file_->ReadRecordBatch(static_cast<int>(batch)));
  const auto& digests = static_cast<const arrow::FixedSizeBinaryArray&>(*rows->column(0));
  const auto& positions = static_cast<const arrow::Int64Array&>(*rows->column(1));
  std::vector<Key> keys(static_cast<size_t>(rows->num_rows()));
  for (int64_t i = 0; i < rows->num_rows(); ++i) {
    uint64_t parts[2];
    std::memcpy(parts, digests.GetValue(i), kDigestBytes);
    keys[static_cast<size_t>(i)] = {{BigEndian(parts[0]), BigEndian(parts[1])}, positions.Value(i)};
  }
  return keys;
}

}  // namespace millrace::stage
