#include "pipeline/report/reject_samples.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/utf8.h"

namespace millrace::pipeline {
namespace {

constexpr int kRowGroupsPerFileMax = 4;
constexpr int kFilesMax = 64;
constexpr size_t kRawShownBytes = 200;
constexpr size_t kValueShownBytes = 120;

using Reason = std::tuple<std::string, std::string, std::string, std::string>;

Reason ReasonOf(const stage::RejectCount& count) {
  return {count.source, count.instance, count.rule, count.column};
}

class Sampler {
 public:
  Sampler(const stage::Manifest& manifest, const std::set<std::string>& sensitive,
          size_t samples_max)
      : sensitive_(sensitive), samples_max_(samples_max) {
    for (const stage::RejectCount& count : manifest.rejects) {
      found_[ReasonOf(count)] = {};
      open_ += count.rows > 0 ? 1 : 0;
    }
  }

  bool complete() const { return open_ == 0; }
  std::vector<RejectSample> Take(const stage::RejectCount& count) {
    return std::move(found_[ReasonOf(count)]);
  }

  Status ReadFile(std::shared_ptr<arrow::io::RandomAccessFile> file) {
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          parquet::arrow::OpenFile(std::move(file), arrow::default_memory_pool()));
    const int groups = std::min(reader->num_row_groups(), kRowGroupsPerFileMax);
    for (int group = 0; group < groups && !complete(); ++group) {
      ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> table, reader->ReadRowGroup(group));
      ARROW_ASSIGN_OR_RAISE(const auto batch, table->CombineChunksToBatch());
      AddRows(*batch);
    }
    return Status::OK();
  }

 private:
  void AddRows(const arrow::RecordBatch& batch) {
    const auto text = [&](const char* name, int64_t row) -> std::string {
      const auto column = batch.GetColumnByName(name);
      if (column == nullptr || column->IsNull(row)) return "";
      return std::string(static_cast<const arrow::BinaryArray&>(*column).GetView(row));
    };
    for (int64_t row = 0; row < batch.num_rows() && !complete(); ++row) {
      const auto found = found_.find(
          {text("source", row), text("instance", row), text("rule", row), text("column", row)});
      if (found == found_.end() || found->second.size() >= samples_max_) continue;
      // Of no column or of a sensitive one: what stands there may be a hash, but is not shown.
      const std::string& column = std::get<3>(found->first);
      const bool hidden = !sensitive_.empty() && (column.empty() || sensitive_.count(column) > 0);
      RejectSample sample;
      sample.row_id = text("__fdf__/row_id", row);
      sample.message = CutValidText(text("message", row), 2 * kValueShownBytes);
      sample.threshold = CutValidText(text("threshold", row), kValueShownBytes);
      if (!hidden) sample.value = CutValidText(text("value", row), kValueShownBytes);
      if (sensitive_.empty()) sample.raw = CutValidText(text("raw", row), kRawShownBytes);
      const auto offset = batch.GetColumnByName("byte_offset");
      if (offset != nullptr && offset->IsValid(row)) {
        sample.byte_offset = static_cast<const arrow::Int64Array&>(*offset).Value(row);
      }
      found->second.push_back(std::move(sample));
      // One sample of a reason is enough to stop early; more are welcome on the way.
      if (found->second.size() == 1) --open_;
    }
  }

  const std::set<std::string>& sensitive_;
  size_t samples_max_;
  size_t open_ = 0;
  std::map<Reason, std::vector<RejectSample>> found_;
};

}  // namespace

Result<std::vector<ReportReject>> SampleRejects(io::Store& workspace, const std::string& folder,
                                                const stage::Manifest& manifest,
                                                const std::set<std::string>& sensitive,
                                                int samples_max) {
  Sampler sampler(manifest, sensitive, static_cast<size_t>(samples_max));
  int files = 0;
  for (const io::DataFile& data : manifest.reject_files) {
    if (sampler.complete() || ++files > kFilesMax) break;
    ARROW_ASSIGN_OR_RAISE(auto file, workspace.OpenForRead(folder + "/" + data.path));
    ARROW_RETURN_NOT_OK(sampler.ReadFile(std::move(file)));
  }
  std::vector<ReportReject> rejects;
  for (const stage::RejectCount& count : manifest.rejects) {
    rejects.push_back({count, sampler.Take(count)});
  }
  std::stable_sort(rejects.begin(), rejects.end(),
                   [](const auto& a, const auto& b) { return a.count.rows > b.count.rows; });
  return rejects;
}

}  // namespace millrace::pipeline
