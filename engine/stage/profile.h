// What the columns of a table look like: nulls, distinct values, extremes, lengths. Built batch by
// batch beside the writing, merged over splits; the result does not depend on how rows were batched
// or in which order parts were merged.
//
// Thread-safety: one thread per ColumnProfiler; different columns may be updated in parallel.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "stage/manifest.h"

namespace millrace::stage {

/// The profile of one column. A sensitive column keeps counts and lengths, never a value.
class ColumnProfiler {
 public:
  ColumnProfiler(const arrow::Field& field, bool sensitive);
  ~ColumnProfiler();
  ColumnProfiler(ColumnProfiler&&) noexcept;
  ColumnProfiler& operator=(ColumnProfiler&&) noexcept;

  /// REQUIRES: the field's type.
  void Update(const arrow::Array& values);
  /// Adds what another part of the same column looks like.
  Status Merge(const ColumnProfiler& other);
  /// Extremes as text, at most 256 bytes; none for sensitive columns, binary and nested types.
  /// distinct_estimate is 0 for nested types, which are not counted.
  ColumnProfile Summary() const;

  struct State;

 private:
  friend class TableProfiler;
  std::unique_ptr<State> state_;
};

/// The profiles of all columns of a table.
class TableProfiler {
 public:
  /// `sensitive` names columns. Reserved columns (row ids) are not profiled.
  TableProfiler(const arrow::Schema& schema, const std::set<std::string>& sensitive);

  /// REQUIRES: the schema it was made for.
  void Update(const arrow::RecordBatch& batch);
  /// Column by column, for callers that do it in parallel. `index` is the schema's.
  void UpdateColumn(int index, const arrow::Array& values);
  Status Merge(const TableProfiler& other);
  std::vector<ColumnProfile> Summary() const;

  /// The whole state, so that parts can be stored and merged later. Deterministic.
  std::string ToJson() const;
  /// WorkspaceDamaged when the text is not the state of a table of this schema.
  static Result<TableProfiler> FromJson(const std::string& json, const arrow::Schema& schema);

 private:
  std::vector<ColumnProfiler> columns_;
  std::vector<int> position_of_field_;  // -1: not profiled
};

}  // namespace millrace::stage
