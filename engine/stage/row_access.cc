#include "stage/row_access.h"

#include <parquet/arrow/reader.h>

#include "stage/shard_rows.h"

namespace millrace::stage {
namespace {

constexpr int kThreads = 2;
constexpr int64_t kInFlightBytes = 16 << 20;

Status NoPlace() {
  return MakeError(ErrorCode::kUnreadablePath,
                   "the rows of `ingest` stayed in the files of their sources, and the config has "
                   "them in the workspace since the run",
                   "run it again as it is now");
}

}  // namespace

Result<std::unique_ptr<RowReader>> RowAccess::Open(const io::DataFile& file,
                                                   const std::vector<std::string>& columns,
                                                   int64_t first_row) const {
  if (!file.is_reference()) return ShardRows::Open(workspace_, file, columns, first_row);
  if (in_place_ == nullptr) return NoPlace();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (pool_ == nullptr) pool_ = std::make_unique<TaskPool>(kThreads);
  }
  return in_place_->Open(file, columns, first_row,
                         {*pool_, ahead_ ? kInFlightBytes : 0, [] { return false; }});
}

Status RowAccess::Check(const io::DataFile& file) const {
  if (!file.is_reference()) return Status::OK();
  return in_place_ == nullptr ? NoPlace() : in_place_->Check(file);
}

Result<bool> RowAccess::MayHold(const io::DataFile& file, const std::string& source,
                                const std::string& record) const {
  if (!file.is_reference()) return true;
  if (in_place_ == nullptr) return NoPlace();
  return in_place_->Holds(file, source, record);
}

Result<std::vector<std::string>> RowAccess::ColumnsOf(const io::DataFile& file) const {
  if (file.is_reference()) {
    if (in_place_ == nullptr) return NoPlace();
    return in_place_->ColumnsOf(file);
  }
  ARROW_ASSIGN_OR_RAISE(auto input, workspace_.OpenForRead(file.path));
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        parquet::arrow::OpenFile(std::move(input), arrow::default_memory_pool()));
  std::shared_ptr<arrow::Schema> schema;
  ARROW_RETURN_NOT_OK(reader->GetSchema(&schema));
  return schema->field_names();
}

}  // namespace millrace::stage
