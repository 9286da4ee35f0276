// URLs as a source: an object, a key prefix or a pattern becomes a sorted list of files.
#pragma once

#include <string>

#include "io/object/storage_options.h"
#include "source/file_source.h"

namespace millrace::source {

/// As ExpandFiles, for a URL (io/object/store_url.h): an object, a key prefix that ends in '/' or
/// is no object, or a pattern. Of a web server one file.
Result<FileSource> ExpandUrl(const std::string& name, const std::string& url,
                             const io::StorageOptions& storage, const FormatOptions& format);

}  // namespace millrace::source
