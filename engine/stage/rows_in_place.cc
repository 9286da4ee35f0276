#include "stage/rows_in_place.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "contract/features.h"
#include "stage/split.h"
#include "stage/stage_context.h"

namespace millrace::stage {

Result<int64_t> LargestPageInPlace(const IngestPlan& plan) {
  IngestPlan parquet = plan;
  std::erase_if(parquet.sources, [](const IngestSource& source) {
    return !source.in_place || !std::holds_alternative<io::ParquetReadOptions>(source.files.format);
  });
  ARROW_ASSIGN_OR_RAISE(const std::vector<Split> splits, PlanSplits(parquet));
  int64_t bytes = 0;
  for (const Split& split : splits) bytes = std::max(bytes, split.page_bytes);
  return bytes;
}

RowsInPlace::RowsInPlace(IngestPlan plan, InputAccess input, std::shared_ptr<io::Store> workspace,
                         std::shared_ptr<FileHashes> hashes, int64_t page_bytes)
    : plan_(std::move(plan)),
      input_(std::move(input)),
      workspace_(std::move(workspace)),
      hashes_(std::move(hashes)),
      page_bytes_(page_bytes) {
  for (const IngestSource& source : plan_.sources) {
    if (!source.in_place) continue;
    Origin& origin = origins_[source.files.name];
    origin.source = &source;
    for (const io::FileInfo& file : source.files.files) origin.files[file.key] = &file;
  }
}

Result<const RowsInPlace::Origin*> RowsInPlace::OriginOf(const RowReference& reference) const {
  const auto origin = origins_.find(reference.source);
  if (origin != origins_.end()) return &origin->second;
  return RowsLeftIn(reference.source, reference.files.front().path, "is not to be read any more");
}

Result<std::vector<const io::FileInfo*>> RowsInPlace::FilesOf(const RowReference& reference,
                                                              const Origin& origin) const {
  std::vector<const io::FileInfo*> files;
  for (const RowReference::File& wanted : reference.files) {
    const auto found = origin.files.find(wanted.path);
    if (found == origin.files.end()) {
      return RowsLeftIn(reference.source, wanted.path, "is gone");
    }
    ARROW_ASSIGN_OR_RAISE(const std::string sha256,
                          hashes_->Of(origin.source->files, *found->second));
    if (sha256 != wanted.sha256) return RowsLeftIn(reference.source, wanted.path, "has changed");
    files.push_back(found->second);
  }
  return files;
}

Status RowsInPlace::Check(const io::DataFile& file) const {
  ARROW_ASSIGN_OR_RAISE(const RowReference reference, ReadReference(*workspace_, file));
  ARROW_ASSIGN_OR_RAISE(const Origin* origin, OriginOf(reference));
  return FilesOf(reference, *origin).status();
}

Result<std::vector<std::string>> RowsInPlace::ColumnsOf(const io::DataFile& file) const {
  ARROW_ASSIGN_OR_RAISE(const RowReference reference, ReadReference(*workspace_, file));
  ARROW_ASSIGN_OR_RAISE(const Origin* origin, OriginOf(reference));
  const auto contract = static_cast<size_t>(origin->source->contract);
  return contract::StoredSchema(plan_.contracts[contract])->field_names();
}

Result<std::unique_ptr<RowReader>> RowsInPlace::Open(const io::DataFile& file,
                                                     const std::vector<std::string>& columns,
                                                     int64_t first_row,
                                                     const ReadingMeans& means) const {
  ARROW_ASSIGN_OR_RAISE(const RowReference reference, ReadReference(*workspace_, file));
  ARROW_ASSIGN_OR_RAISE(const Origin* origin, OriginOf(reference));
  const IngestSource& source = *origin->source;
  ARROW_ASSIGN_OR_RAISE(auto files, FilesOf(reference, *origin));
  const contract::Contract& contract = plan_.contracts[static_cast<size_t>(source.contract)];
  return ReadInPlace({input_, source.files, std::move(files), contract, reference, columns, means},
                     first_row);
}

Result<bool> RowsInPlace::Holds(const io::DataFile& file, const std::string& source,
                                const std::string& record) const {
  ARROW_ASSIGN_OR_RAISE(const RowReference reference, ReadReference(*workspace_, file));
  const size_t hash = record.rfind('#');
  if (reference.source != source || hash == std::string::npos) return false;
  int64_t ordinal = -1;
  const char* const end = record.data() + record.size();
  if (std::from_chars(record.data() + hash + 1, end, ordinal).ptr != end) return false;
  const std::string_view path = std::string_view(record).substr(0, hash);
  return std::any_of(reference.files.begin(), reference.files.end(), [&](const auto& of) {
    return of.path == path && ordinal >= reference.first_ordinal &&
           ordinal < reference.first_ordinal + of.records;
  });
}

std::shared_ptr<const RowsInPlace> OpenRowsInPlace(const IngestPlan& plan,
                                                   const RunContext& context, int64_t page_bytes) {
  const auto in_place = [](const IngestSource& source) { return source.in_place; };
  if (std::none_of(plan.sources.begin(), plan.sources.end(), in_place)) return nullptr;
  std::shared_ptr<FileHashes> hashes = context.hashes;
  if (hashes == nullptr) {
    hashes = MakeFileHashes(context);
    for (const IngestSource& source : plan.sources) hashes->Load(source.files);
  }
  return std::make_shared<const RowsInPlace>(plan, context.input, context.workspace,
                                             std::move(hashes), page_bytes);
}

}  // namespace millrace::stage
