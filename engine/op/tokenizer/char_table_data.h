// The tables that tools/tokenizer_tables.py writes. Internal to char_table.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::op {

/// What holds from a code point to where the next range begins.
struct CharRange {
  uint32_t first;
  uint16_t traits;
};
extern const CharRange kCharRanges[];
extern const size_t kCharRangeCount;

/// Each `step`th code point has a lower case, `delta` behind it.
struct LowerRun {
  uint32_t first, last;
  uint32_t step;
  int32_t delta;
};
extern const LowerRun kLowerRuns[];
extern const size_t kLowerRunCount;

}  // namespace millrace::op
