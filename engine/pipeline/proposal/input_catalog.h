// The files that a proposal is made for: found at a path or a URL, and each looked at as far as it
// takes to tell its format and its columns.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/object/storage_options.h"
#include "source/file_source.h"

namespace millrace::pipeline {

/// Where the user pointed to.
struct InputPlace {
  std::string path;  // as given
  std::string base;  // folder that a relative path is relative to
  io::StorageOptions storage;
  std::vector<std::string> except;  // absolute paths of files and folders that are no input
};

struct CatalogFile {
  io::FileInfo info;             // its key is below the catalog's root
  source::FormatOptions format;  // with what must be declared for it to be read
  std::string format_name;
  std::vector<std::string> columns;       // in file order
  double confidence = 1;                  // in how it is written
  std::vector<std::string> reasons;       // for that
  std::string dialect;                    // of CSV: the block that pins it
  std::string declaration;                // of other formats: the lines that pin what was told
  std::vector<std::string> column_names;  // of CSV: names that must be given, else empty
  bool looked_at = true;                  // false: taken for a relative of one that was
};

struct InputCatalog {
  std::string root;  // of the keys: a local folder, absolute, or a URL
  bool is_url = false;
  bool one_file = false;  // the place is a file, not a folder or a pattern
  std::shared_ptr<io::Store> store;
  std::vector<CatalogFile> files;  // sorted by key
  struct LeftOut {
    std::string key, why;
  };
  std::vector<LeftOut> left_out;
};

/// Lists the place and looks at its files: all of up to some hundred, of more that are named alike
/// a part. UnreadablePath when nothing is there; a single file that cannot be read is that file's
/// error, one of several is left out with its reason.
Result<InputCatalog> CatalogInputs(const InputPlace& place);

}  // namespace millrace::pipeline
