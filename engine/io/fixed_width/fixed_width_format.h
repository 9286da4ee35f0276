// Fixed-width text in: every line a record, every column a place in it. docs/fixed-width.md has the
// rules.
//
// Without declared columns their borders are told from the first lines: places that are blank in
// all of them. That is said with a confidence; below kConfidenceMin the file is refused with
// UnknownDialect and a proposal to declare.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/text_format.h"

namespace millrace::io {

struct FixedColumn {
  std::string name;
  int64_t start = 0;  // counted from 0
  int64_t width = 0;  // 0: to the end of the line; of the last column only
};

enum class WidthUnit { kCharacters, kBytes };

struct FixedWidthOptions {
  std::vector<FixedColumn> columns;  // in the order of their places; empty: told from the file
  std::optional<bool> header;    // the first line names columns; absent: if they are not declared
  bool trim = true;              // white space around a value is none of it; nothing left: null
  bool fill_short_rows = false;  // what a line is too short for is null instead of a reject
  WidthUnit unit = WidthUnit::kCharacters;
  int64_t chunk_bytes = 1 << 20;  // never changes the result
  int64_t record_bytes_max = 1 << 20;
};

struct FixedWidthLayout {
  std::vector<FixedColumn> columns;
  double confidence = 0;  // 0..1
  std::vector<std::string> reasons;
};

inline constexpr double kFixedWidthConfidenceMin = 0.8;

/// Tells the columns from the first lines of a file.
FixedWidthLayout InferFixedWidth(std::string_view sample, bool header, WidthUnit unit);

/// The lines of a config that declare these columns.
std::string FixedWidthDeclaration(const std::vector<FixedColumn>& columns);

std::shared_ptr<const TextFormat> MakeFixedWidthFormat(const FixedWidthOptions& options);

}  // namespace millrace::io
