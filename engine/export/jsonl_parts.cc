#include <algorithm>

#include "export/json_rows.h"
#include "export/jsonl_file.h"
#include "export/parts.h"
#include "export/row_stream.h"

namespace millrace::exporting {
namespace {

constexpr int64_t kRowsPerRead = 8192;

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
    ARROW_RETURN_NOT_OK(file.Open(name));
    while (file.rows() < count) {
      ARROW_ASSIGN_OR_RAISE(auto batch, rows.Next(std::min(kRowsPerRead, count - file.rows())));
      MILLRACE_CHECK(batch != nullptr);
      ARROW_RETURN_NOT_OK(file.Write(batch));
    }
    ARROW_ASSIGN_OR_RAISE(io::DataFile description, file.Finish());
    *non_finite += file.non_finite();
    files.push_back(std::move(description));
  }
  return files;
}

}  // namespace millrace::exporting
