// Files of one format and shape, and the paths by which a config names exactly them.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "io/object/storage_options.h"
#include "pipeline/proposal/input_catalog.h"

namespace millrace::pipeline {

/// One table: files of one format with the same columns. Where columns vary by record (JSON, XML),
/// files with at least half of them in common.
struct FileGroup {
  std::string name;                       // for its sources and its contract
  std::vector<const CatalogFile*> files;  // by key
  std::vector<std::string> paths;         // as a config writes them; together they name the files
};

/// In the order of their first files. `base_dir`: the folder of the config to be. The catalog must
/// outlive the result. BadValue when more sources would be needed than anybody would read.
Result<std::vector<FileGroup>> GroupFiles(const InputCatalog& catalog, const std::string& base_dir,
                                          const io::StorageOptions& storage);

/// Letters, digits, _ and -, beginning with a letter: `text` as a name of a source or a table.
std::string AsName(const std::string& text, const std::string& otherwise);

}  // namespace millrace::pipeline
