#include "export/jsonl_file.h"

#include "export/json_rows.h"
#include "io/parquet/shard_writer.h"

namespace millrace::exporting {
namespace {

constexpr int64_t kRowsPerBlock = 16384;
constexpr int64_t kBytesPerBlock = 4 << 20;

}  // namespace

// One block of rows on its way to text.
struct JsonlFile::Job {
  io::BatchRecutter::Cut rows;
  TaskLatch latch;
  Result<TextBlock> block = TextBlock{};
  int64_t non_finite = 0;

  void Run(TextCompression compression, int level) {
    block = Make(compression, level);
    rows.slices.clear();
    latch.Done();
  }

 private:
  Result<TextBlock> Make(TextCompression compression, int level) {
    std::string text;
    text.reserve(static_cast<size_t>(rows.bytes + rows.bytes / 2));
    for (const auto& slice : rows.slices) {
      ARROW_RETURN_NOT_OK(RowsAsJson(*slice, &text, &non_finite));
    }
    return MakeTextBlock(std::move(text), compression, level);
  }
};

JsonlFile::JsonlFile(const ExportOptions& options, const PartTarget& target,
                     const arrow::Schema& schema)
    : options_(options), target_(target), recutter_(kBytesPerBlock), logical_(schema) {
  jobs_max_ = target.pool == nullptr ? 1 : static_cast<size_t>(target.pool->threads()) * 2;
}
JsonlFile::~JsonlFile() = default;

Status JsonlFile::Open(const std::string& name) {
  name_ = name;
  ARROW_ASSIGN_OR_RAISE(file_, target_.store->Create(target_.folder + name));
  ARROW_ASSIGN_OR_RAISE(joiner_, MakeTextJoiner(options_.compression, options_.compression_level));
  ARROW_ASSIGN_OR_RAISE(std::string header, joiner_->Header());
  return Put(header);
}

Status JsonlFile::Write(std::shared_ptr<arrow::RecordBatch> batch) {
  rows_ += batch->num_rows();
  ARROW_RETURN_NOT_OK(logical_.Update(*batch));
  const int64_t bytes = io::LogicalBytes(*batch);
  recutter_.Add(std::move(batch), bytes);
  return Cut(/*end=*/false);
}

Result<io::DataFile> JsonlFile::Finish() {
  ARROW_RETURN_NOT_OK(Cut(/*end=*/true));
  while (!jobs_.empty()) ARROW_RETURN_NOT_OK(WriteOldest());
  ARROW_ASSIGN_OR_RAISE(std::string trailer, joiner_->Finish());
  ARROW_RETURN_NOT_OK(Put(trailer));
  io::DataFile description;
  description.path = name_;
  description.rows = rows_;
  description.bytes = file_->bytes_written();
  description.sha256 = hash_.FinishHex();
  description.logical_sha256 = logical_.FinishHex();
  ARROW_RETURN_NOT_OK(file_->Commit(target_.folder + name_));
  return description;
}

Status JsonlFile::Cut(bool end) {
  for (;;) {
    auto job = std::make_shared<Job>();
    job->rows = recutter_.Next(kRowsPerBlock, end);
    if (job->rows.rows == 0) return Status::OK();
    job->latch.Add();
    auto run = [job, compression = options_.compression, level = options_.compression_level] {
      job->Run(compression, level);
    };
    if (target_.pool != nullptr) {
      target_.pool->Submit(std::move(run));
    } else {
      run();
    }
    jobs_.push_back(std::move(job));
    while (jobs_.size() > jobs_max_) ARROW_RETURN_NOT_OK(WriteOldest());
  }
}

Status JsonlFile::WriteOldest() {
  std::shared_ptr<Job> job = std::move(jobs_.front());
  jobs_.pop_front();
  job->latch.Wait();
  ARROW_ASSIGN_OR_RAISE(TextBlock block, std::move(job->block));
  non_finite_ += job->non_finite;
  ARROW_ASSIGN_OR_RAISE(std::string bytes, joiner_->Add(std::move(block)));
  return Put(bytes);
}

Status JsonlFile::Put(const std::string& bytes) {
  hash_.Update(bytes);
  return bytes.empty() ? Status::OK() : file_->Write(bytes);
}

}  // namespace millrace::exporting
