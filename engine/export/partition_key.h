// Partition values as folder names.
#pragma once

#include <arrow/array.h>

#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::exporting {

/// Appends "name=value/" to each row's folder. Null is `__HIVE_DEFAULT_PARTITION__`; bytes outside
/// [A-Za-z0-9._-] are percent-encoded, as pyarrow, DuckDB and Spark read them. BadValue for a type
/// that makes no good folder (floats, nested, binary) or a value over 200 bytes.
Status AppendPartitionFolders(const std::string& name, const arrow::Array& values,
                              std::vector<std::string>* folders);

/// `text` percent-encoded for one path segment.
std::string EscapeSegment(const std::string& text);

}  // namespace millrace::exporting
