// Rows of references (reference.h): read again from the files of their source, as ingest reads
// them. A file that is no longer what ingest has read is an error, never other rows.
#pragma once

#include <arrow/type.h>

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "stage/file_hashes.h"
#include "stage/in_place_reader.h"
#include "stage/ingest.h"
#include "stage/reference.h"
#include "stage/row_reader.h"

namespace millrace::stage {

/// Thread-safety: any thread, once it is made.
class RowsInPlace {
 public:
  /// `hashes`: what is known of the files. `workspace` holds the references. `page_bytes`: about
  /// those of the largest Parquet page that a reader meets, decompressed; 0: not known.
  RowsInPlace(IngestPlan plan, InputAccess input, std::shared_ptr<io::Store> workspace,
              std::shared_ptr<FileHashes> hashes, int64_t page_bytes);

  /// It must outlive the reader. `file.path` is a key of the workspace. `columns`: of the table,
  /// with the row id; the batches have those alone. FileChanged when a file is not what was
  /// ingested.
  Result<std::unique_ptr<RowReader>> Open(const io::DataFile& file,
                                          const std::vector<std::string>& columns,
                                          int64_t first_row, const ReadingMeans& means) const;

  /// FileChanged when a file of the reference is not what was ingested.
  Status Check(const io::DataFile& file) const;
  /// All columns of a reference's rows.
  Result<std::vector<std::string>> ColumnsOf(const io::DataFile& file) const;

  /// Whether the record of the source, "<path>#<ordinal>", is one of those referred to.
  Result<bool> Holds(const io::DataFile& file, const std::string& source,
                     const std::string& record) const;

  int64_t page_bytes() const { return page_bytes_; }

 private:
  struct Origin {
    const IngestSource* source = nullptr;
    std::unordered_map<std::string, const io::FileInfo*> files;  // by path
  };

  Result<const Origin*> OriginOf(const RowReference& reference) const;
  Result<std::vector<const io::FileInfo*>> FilesOf(const RowReference& reference,
                                                   const Origin& origin) const;

  const IngestPlan plan_;
  const InputAccess input_;
  const std::shared_ptr<io::Store> workspace_;
  const std::shared_ptr<FileHashes> hashes_;
  const int64_t page_bytes_;
  std::map<std::string, Origin> origins_;
};

/// For the sources of the plan whose rows stay in place; null when there are none. With the
/// context's hashes, or those that the workspace keeps.
std::shared_ptr<const RowsInPlace> OpenRowsInPlace(const IngestPlan& plan,
                                                   const RunContext& context,
                                                   int64_t page_bytes = 0);
/// What `page_bytes` is for files of these sources that are as large as splits.
Result<int64_t> LargestPageInPlace(const IngestPlan& plan);

}  // namespace millrace::stage
