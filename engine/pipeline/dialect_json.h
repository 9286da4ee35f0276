// A told dialect as JSON, for `plan` and `inspect` (spec/plan.md).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "io/csv/csv_reader.h"

namespace millrace::pipeline {

nlohmann::ordered_json DialectJson(const io::SniffedCsv& sniffed);

}  // namespace millrace::pipeline
