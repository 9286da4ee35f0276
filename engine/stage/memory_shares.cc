#include <algorithm>

#include "base/quantity.h"
#include "stage/key_summary.h"
#include "stage/stage_context.h"

namespace millrace::stage {
namespace {

constexpr int64_t kProgramBytes = 48 << 20;  // libraries, threads' stacks, allocators' slack
constexpr int64_t kInFlightMin = 16 << 20;
constexpr int64_t kInFlightMax = 64 << 20;
constexpr int64_t kReaderBytes = 24 << 20;  // values of long texts while they are decoded
constexpr int64_t kMergeMin = 16 << 20;
constexpr int64_t kMergeMax = 256 << 20;

}  // namespace

Result<MemoryShares> DivideMemory(const IngestPlan& plan, const RunLimits& limits,
                                  int64_t page_bytes) {
  MILLRACE_CHECK(limits.threads >= 1);
  size_t unique_columns = 0;
  for (const contract::Contract& contract : plan.contracts) {
    size_t unique = 0;
    for (const contract::Column& column : contract.columns) unique += column.unique;
    unique_columns = std::max(unique_columns, unique);
  }
  // A writer holds up to a row group of encoded pages; a key summary one run that fills and one
  // that is sorted.
  const int64_t fixed = plan.writer.bytes_per_row_group + static_cast<int64_t>(unique_columns) * 2 *
                                                              kKeysPerRun *
                                                              static_cast<int64_t>(sizeof(Key));
  const int64_t room = limits.memory_bytes - kProgramBytes;
  const int64_t least = fixed + kInFlightMin + kReaderBytes;
  if (room < least) {
    const int64_t needed = kProgramBytes + least;
    return MakeError(ErrorCode::kMemoryLimit,
                     "a memory limit of " + FormatByteSize(limits.memory_bytes) +
                         " is too small: ingest needs " + FormatByteSize(needed),
                     "set limits.memory or --memory to at least " + FormatByteSize(needed));
  }
  // A page is there as it was read, and a dictionary or what is taken from it a second time.
  const int64_t of_split = fixed + std::max<int64_t>(2 * page_bytes - kReaderBytes, 0);
  MemoryShares shares;
  shares.active_splits = static_cast<int>(
      std::clamp<int64_t>(room / (of_split + 2 * kInFlightMin), 1, limits.threads));
  // A quarter is left to what batches of long values need beyond their bytes while they are made.
  shares.in_flight_bytes =
      std::clamp((room / shares.active_splits - of_split) / 4 * 3, kInFlightMin, kInFlightMax);
  shares.writer_queue_bytes = shares.in_flight_bytes / 8;
  shares.in_flight_bytes -= shares.writer_queue_bytes;
  shares.merge_bytes = std::clamp(room / 2, kMergeMin, kMergeMax);
  return shares;
}

}  // namespace millrace::stage
