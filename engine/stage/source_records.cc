#include "stage/source_records.h"

#include <algorithm>

#include "contract/reject_row.h"

namespace millrace::stage {
namespace {

Status Changed(const std::string& path) {
  return MakeError(ErrorCode::kFileChanged, "`" + path + "` changed while the run was reading it",
                   "run again when nothing writes to it");
}

}  // namespace

SourceRecords::SourceRecords(const StageContext& stage, const CommitRecord& split)
    : stage_(stage), split_(split) {
  for (const IngestSource& source : stage.plan.sources) {
    if (source.files.name == split.source) source_ = &source.files;
  }
  MILLRACE_CHECK(source_ != nullptr);
}

Status SourceRecords::OpenFileOf(int64_t position) {
  ARROW_RETURN_NOT_OK(Finish());
  file_begin_ = file_end_ = 0;
  size_t input = 0;
  for (; input < split_.inputs.size(); ++input) {
    file_begin_ = file_end_;
    file_end_ += split_.records[input];
    if (position < file_end_) break;
  }
  MILLRACE_CHECK(input < split_.inputs.size());
  const std::string& path = split_.inputs[input].path;
  const auto file = std::find_if(source_->files.begin(), source_->files.end(),
                                 [&](const io::FileInfo& info) { return info.key == path; });
  MILLRACE_CHECK(file != source_->files.end());
  file_ = &*file;
  for (const IngestSource& source : stage_.plan.sources) {
    if (&source.files != source_) continue;
    ARROW_ASSIGN_OR_RAISE(
        binding_, stage_.input.bind(stage_.plan.contracts[static_cast<size_t>(source.contract)],
                                    source_->name));
  }
  ARROW_ASSIGN_OR_RAISE(
      opened_, split_.row_group_begin > 0
                   ? stage_.input.open(source::FromRowGroup(*source_, split_.row_group_begin),
                                       *file_, binding_->projection())
                   : stage_.input.open(*source_, *file_, binding_->projection()));
  chunk_begin_ = file_begin_;
  chunk_.reset();
  batch_ = {};
  return Status::OK();
}

Status SourceRecords::NextChunk() {
  do {
    if (stage_.cancelled()) return Status::Cancelled("cancelled; running again resumes");
    ARROW_ASSIGN_OR_RAISE(chunk_, opened_->reader->Next());
    if (chunk_ == nullptr) return Changed(file_->key);
  } while (split_.row_group_begin >= 0 && chunk_->row_group < split_.row_group_begin);
  chunk_begin_ += batch_.records;
  ARROW_ASSIGN_OR_RAISE(batch_, opened_->reader->Parse(*chunk_));
  return Status::OK();
}

Result<Reject> SourceRecords::At(int64_t position) {
  if (position >= file_end_) ARROW_RETURN_NOT_OK(OpenFileOf(position));
  while (position >= chunk_begin_ + batch_.records) ARROW_RETURN_NOT_OK(NextChunk());
  const int64_t record = position - chunk_begin_;
  int64_t row = record;
  if (!batch_.record_of_row.empty()) {
    const auto& records = batch_.record_of_row;
    const auto found = std::lower_bound(records.begin(), records.end(), record);
    if (found == records.end() || *found != record) return Changed(file_->key);
    row = found - records.begin();
  }
  if (row >= batch_.columns->num_rows()) return Changed(file_->key);
  return contract::RejectOfRow(batch_, *chunk_, row);
}

Status SourceRecords::Finish() {
  if (file_ == nullptr) return Status::OK();
  opened_.reset();
  return stage_.input.check_unchanged(*source_, *file_);
}

}  // namespace millrace::stage
