#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "export/json_rows.h"
#include "export/jsonl_file.h"
#include "export/parts.h"
#include "export/prompts/prompt_rows.h"
#include "export/row_stream.h"

namespace millrace::exporting {
namespace {

// Prompts are long texts: fewer rows at a time than elsewhere.
constexpr int64_t kRowsPerRead = 1024;

constexpr char kRejectFileName[] = "_rejects.jsonl";

/// The files of one split, one after the other.
class SplitFiles {
 public:
  SplitFiles(const char* name, const ExportOptions& options, const PartTarget& target,
             const arrow::Schema& schema)
      : name_(name), options_(options), target_(target), schema_(schema) {}

  Status Write(std::shared_ptr<arrow::RecordBatch> rows) {
    while (rows->num_rows() > 0) {
      if (!file_) ARROW_RETURN_NOT_OK(Open());
      int64_t count = rows->num_rows();
      if (options_.rows_per_shard > 0) {
        count = std::min(count, options_.rows_per_shard - file_->rows());
      }
      ARROW_RETURN_NOT_OK(file_->Write(rows->Slice(0, count)));
      rows = rows->Slice(count);
      if (file_->rows() == options_.rows_per_shard) ARROW_RETURN_NOT_OK(Close());
    }
    return Status::OK();
  }

  /// An empty file where there were no rows but one is wanted.
  Status Finish(bool wanted) {
    if (!file_ && files_.empty() && wanted) ARROW_RETURN_NOT_OK(Open());
    return file_ ? Close() : Status::OK();
  }

  const std::vector<io::DataFile>& files() const { return files_; }
  int64_t non_finite() const { return non_finite_; }

 private:
  Status Open() {
    file_ = std::make_unique<JsonlFile>(options_, target_, schema_);
    return file_->Open(PartName(files_.size(), name_) + JsonlSuffix(options_.compression));
  }
  Status Close() {
    ARROW_ASSIGN_OR_RAISE(io::DataFile file, file_->Finish());
    files_.push_back(std::move(file));
    non_finite_ += file_->non_finite();
    file_.reset();
    return Status::OK();
  }

  const char* name_;
  const ExportOptions& options_;
  const PartTarget& target_;
  const arrow::Schema& schema_;
  std::unique_ptr<JsonlFile> file_;
  std::vector<io::DataFile> files_;
  int64_t non_finite_ = 0;
};

/// The rows that made no prompt, in row order: ids and reasons, no values.
class RejectFile {
 public:
  explicit RejectFile(const PartTarget& target) : target_(target) {}

  Status Add(const std::vector<PromptReject>& rejects) {
    if (rejects.empty()) return Status::OK();
    if (!file_) {
      ARROW_ASSIGN_OR_RAISE(file_, target_.store->Create(target_.folder + kRejectFileName));
    }
    std::string lines;
    for (const PromptReject& reject : rejects) {
      nlohmann::ordered_json json = {{"row_id", reject.row_id}, {"rule", reject.rule}};
      if (!reject.part.empty()) json["part"] = reject.part;
      if (reject.measured >= 0) {
        json["measured"] = reject.measured;
        json["threshold"] = reject.threshold;
      }
      json["message"] = reject.message;
      lines += json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
      ++counts_[{reject.rule, reject.part}];
    }
    rows_ += static_cast<int64_t>(rejects.size());
    hash_.Update(lines);
    return file_->Write(lines);
  }

  Status Finish(Release* release) {
    for (const auto& [reason, rows] : counts_) {
      release->rejects.push_back({reason.first, reason.second, rows});
    }
    if (!file_) return Status::OK();
    release->reject_file.path = kRejectFileName;
    release->reject_file.rows = rows_;
    release->reject_file.bytes = file_->bytes_written();
    release->reject_file.sha256 = hash_.FinishHex();
    return file_->Commit(target_.folder + kRejectFileName);
  }

 private:
  const PartTarget& target_;
  std::unique_ptr<io::OutputFile> file_;
  Sha256 hash_;
  int64_t rows_ = 0;
  std::map<std::pair<std::string, std::string>, int64_t> counts_;
};

}  // namespace

Status WritePromptParts(const ExportInput& input, const ExportOptions& options,
                        const std::shared_ptr<arrow::Schema>& schema, const PartTarget& target,
                        Release* release) {
  ARROW_ASSIGN_OR_RAISE(const PromptBuilder prompts, PromptBuilder::Make(options, schema));
  ARROW_RETURN_NOT_OK(CheckJsonTypes(*prompts.schema()));
  std::vector<SplitFiles> splits;
  splits.reserve(kSplitNames.size());
  for (const char* name : kSplitNames) {
    splits.emplace_back(name, options, target, *prompts.schema());
  }
  RejectFile rejects(target);
  RowStream rows(input, prompts.positions());
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next(kRowsPerRead));
    if (batch == nullptr) break;
    ARROW_ASSIGN_OR_RAISE(const PromptBatch made, prompts.Build(*batch));
    for (size_t i = 0; i < splits.size(); ++i) {
      ARROW_RETURN_NOT_OK(splits[i].Write(made.splits[i]));
    }
    ARROW_RETURN_NOT_OK(rejects.Add(made.rejects));
  }
  for (size_t i = 0; i < splits.size(); ++i) {
    ARROW_RETURN_NOT_OK(splits[i].Finish(/*wanted=*/i == 0));
    release->files.insert(release->files.end(), splits[i].files().begin(), splits[i].files().end());
    release->non_finite_as_null += splits[i].non_finite();
  }
  return rejects.Finish(release);
}

}  // namespace millrace::exporting
