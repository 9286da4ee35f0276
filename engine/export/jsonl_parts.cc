#include <algorithm>
#include <deque>

#include "base/sha256.h"
#include "export/json_rows.h"
#include "export/parts.h"
#include "export/row_stream.h"
#include "export/text_blocks.h"
#include "io/parquet/batch_recutter.h"
#include "io/parquet/logical_hash.h"
#include "io/parquet/shard_writer.h"

namespace millrace::exporting {
namespace {

constexpr int64_t kRowsPerRead = 8192;
constexpr int64_t kRowsPerBlock = 16384;
constexpr int64_t kBytesPerBlock = 4 << 20;

// One block of rows on its way to text.
struct Job {
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

// One file: blocks are made on the pool and written in order.
class JsonlFile {
 public:
  JsonlFile(const ExportOptions& options, const PartTarget& target, const arrow::Schema& schema)
      : options_(options), target_(target), recutter_(kBytesPerBlock), logical_(schema) {
    jobs_max_ = target.pool == nullptr ? 1 : static_cast<size_t>(target.pool->threads()) * 2;
  }

  Status Open(const std::string& key) {
    key_ = key;
    ARROW_ASSIGN_OR_RAISE(file_, target_.store->Create(key));
    ARROW_ASSIGN_OR_RAISE(joiner_,
                          MakeTextJoiner(options_.compression, options_.compression_level));
    ARROW_ASSIGN_OR_RAISE(std::string header, joiner_->Header());
    return Put(header);
  }

  Status Write(std::shared_ptr<arrow::RecordBatch> batch) {
    rows_ += batch->num_rows();
    ARROW_RETURN_NOT_OK(logical_.Update(*batch));
    const int64_t bytes = io::LogicalBytes(*batch);
    recutter_.Add(std::move(batch), bytes);
    return Cut(/*end=*/false);
  }

  Result<io::DataFile> Finish() {
    ARROW_RETURN_NOT_OK(Cut(/*end=*/true));
    while (!jobs_.empty()) ARROW_RETURN_NOT_OK(WriteOldest());
    ARROW_ASSIGN_OR_RAISE(std::string trailer, joiner_->Finish());
    ARROW_RETURN_NOT_OK(Put(trailer));
    io::DataFile description;
    description.rows = rows_;
    description.bytes = file_->bytes_written();
    description.sha256 = hash_.FinishHex();
    description.logical_sha256 = logical_.FinishHex();
    ARROW_RETURN_NOT_OK(file_->Commit(key_));
    return description;
  }

  int64_t rows() const { return rows_; }
  int64_t non_finite() const { return non_finite_; }

 private:
  Status Cut(bool end) {
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

  Status WriteOldest() {
    std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    job->latch.Wait();
    ARROW_ASSIGN_OR_RAISE(TextBlock block, std::move(job->block));
    non_finite_ += job->non_finite;
    ARROW_ASSIGN_OR_RAISE(std::string bytes, joiner_->Add(std::move(block)));
    return Put(bytes);
  }

  Status Put(const std::string& bytes) {
    hash_.Update(bytes);
    return bytes.empty() ? Status::OK() : file_->Write(bytes);
  }

  const ExportOptions& options_;
  const PartTarget& target_;
  io::BatchRecutter recutter_;
  io::LogicalHasher logical_;
  Sha256 hash_;
  size_t jobs_max_ = 1;
  std::string key_;
  std::unique_ptr<io::OutputFile> file_;
  std::unique_ptr<TextJoiner> joiner_;
  std::deque<std::shared_ptr<Job>> jobs_;
  int64_t rows_ = 0, non_finite_ = 0;
};

}  // namespace

Result<std::vector<io::DataFile>> WriteJsonlParts(const ExportInput& input,
                                                  const ExportOptions& options,
                                                  const ColumnChoice& columns,
                                                  const PartTarget& target, int64_t* non_finite) {
  ARROW_RETURN_NOT_OK(CheckJsonTypes(*columns.schema));
  RowStream rows(input, columns.positions);
  std::vector<io::DataFile> files;
  for (int64_t count : RowsOfParts(input, options)) {
    const std::string name = PartName(files.size()) + JsonlSuffix(options.compression);
    JsonlFile file(options, target, *columns.schema);
    ARROW_RETURN_NOT_OK(file.Open(target.folder + name));
    while (file.rows() < count) {
      ARROW_ASSIGN_OR_RAISE(auto batch, rows.Next(std::min(kRowsPerRead, count - file.rows())));
      MILLRACE_CHECK(batch != nullptr);
      ARROW_RETURN_NOT_OK(file.Write(batch));
    }
    ARROW_ASSIGN_OR_RAISE(io::DataFile description, file.Finish());
    description.path = name;
    *non_finite += file.non_finite();
    files.push_back(std::move(description));
  }
  return files;
}

}  // namespace millrace::exporting
