// A look at some rows of a table for its release card: how values are distributed, a few rows, and
// what of personal data and repetition shows in them. A bounded number of rows, evenly spread over
// the shards; the same rows whatever the threads. Values of sensitive columns are not looked at.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "contract/contract.h"
#include "stage/manifest.h"
#include "stage/row_access.h"

namespace millrace::stage {

struct Bar {
  std::string label;  // a value, or where a range begins
  int64_t rows = 0;
};

/// How the sampled values of a column are distributed.
struct ColumnShape {
  enum class Kind { kNone, kNumbers, kLengths, kValues };
  std::string name;
  Kind kind = Kind::kNone;
  std::vector<Bar> bars;     // ranges in order; values with most rows first
  std::string last;          // of ranges: where the last one ends
  int64_t other_values = 0;  // of kValues: rows of values that have no bar
};

struct TableSample {
  int64_t rows = 0;  // looked at
  std::vector<ColumnShape> shapes;
  /// Whole rows, empty where the table has a sensitive column: (column, text), null left out.
  struct Row {
    std::string id;
    std::vector<std::pair<std::string, std::string>> cells;
  };
  std::vector<Row> examples;
  int64_t rows_with_pii = 0;  // in a text column that is not sensitive
  std::vector<std::pair<std::string, int64_t>> pii_by_kind;
  int64_t rows_repeated = 0;  // equal to an earlier one of the sample in all its columns
};

struct SampleLimits {
  int64_t rows_max = 20'000;
  int64_t cells_max = 1'000'000;
  int64_t bytes_max = 64 << 20;
  size_t columns_max = 200;  // the first ones
  size_t examples_max = 5;
  const std::atomic<bool>* cancelled = nullptr;  // may be null
};

/// `folder`: of the manifest's paths, in the workspace.
Result<TableSample> SampleTable(const RowAccess& rows, const std::string& folder,
                                const Manifest& manifest, const contract::Contract& contract,
                                const SampleLimits& limits);

}  // namespace millrace::stage
