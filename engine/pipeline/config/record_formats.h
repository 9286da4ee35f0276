// From the config of a source to the options of the CSV and JSONL readers. The other text formats
// are built by text_formats.h.
#pragma once

#include "base/config_value.h"
#include "io/csv/csv_reader.h"
#include "io/jsonl/jsonl_reader.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// REQUIRES: a source of `type: csv`.
io::CsvOptions BuildCsv(const ConfigValue& source, ConfigProblems* problems);

/// REQUIRES: a source of `type: jsonl`.
io::JsonlOptions BuildJsonl(const ConfigValue& source);

}  // namespace millrace::pipeline
