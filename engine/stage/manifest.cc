#include "stage/manifest.h"

namespace millrace::stage {

void RowEquation::Add(const RowEquation& other) {
  read += other.read;
  derived += other.derived;
  repeated += other.repeated;
  written += other.written;
  rejected += other.rejected;
  expanded += other.expanded;
  not_drawn += other.not_drawn;
}

}  // namespace millrace::stage
