// How far a run is, on stderr: one line that updates itself on a terminal, else a plain line
// every few seconds.
//
// Thread-safety: one thread at a time; the engine calls back from one thread.
#pragma once

#include <string>

#include "millrace/pipeline.h"

namespace millrace::cli {

class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);
  void Show(const RunProgress& progress);
  /// Clears the updating line, so that other text can follow.
  void Clear();

 private:
  std::string Text(const RunProgress& progress);

  bool quiet_, terminal_;
  bool shown_ = false;
  double printed_at_ = 0;
  // Rates are of the last seconds, so that they tell the present: a smoothed difference.
  double rate_at_ = 0;
  int64_t rate_rows_ = 0, rate_bytes_ = 0;
  double rows_per_second_ = 0, bytes_per_second_ = 0;
};

}  // namespace millrace::cli
