#include <algorithm>

#include "base/quantity.h"
#include "stage/commit.h"
#include "stage/operators/exchange.h"
#include "stage/operators/operator_run.h"
#include "stage/rows_in_place.h"

namespace millrace::stage {
namespace {

constexpr int64_t kProgramBytes = 48 << 20;  // libraries, threads' stacks, allocators' slack
constexpr int64_t kInFlightMin = 16 << 20;
constexpr int64_t kReaderBytes = 16 << 20;  // pages of a row group, before they are rows
constexpr int64_t kInFlightMax = 48 << 20;
constexpr int64_t kMergeMin = 16 << 20;
constexpr int64_t kMergeMax = 256 << 20;

// A split reads one row group, writes another, and has rows under way between them.
Status DivideMemory(const RunLimits& limits, int64_t page_bytes, OperatorRun* run) {
  // Rows that get another order leave by an exchange file instead of a shard, and come together in
  // partitions: as they are read, joined, taken in order and written.
  const bool orders = run->plan.chain->order() != nullptr;
  const int64_t fixed =
      kReaderBytes + (orders ? kExchangeBytes : run->plan.writer.bytes_per_row_group);
  const int64_t of_partition = 4 * kPartitionBytes;
  const int64_t least = std::max(fixed + kInFlightMin, orders ? of_partition : 0);
  const int64_t room = limits.memory_bytes - kProgramBytes;
  if (room < least) {
    return MakeError(
        ErrorCode::kMemoryLimit,
        "a memory limit of " + FormatByteSize(limits.memory_bytes) + " is too small: stage `" +
            run->plan.stage + "` needs " + FormatByteSize(kProgramBytes + least),
        "set limits.memory or --memory to at least " + FormatByteSize(kProgramBytes + least));
  }
  // As in ingest: a page is there as it was read, and what is taken from it a second time.
  const int64_t of_split = fixed + std::max<int64_t>(2 * page_bytes - kReaderBytes, 0);
  run->active_splits = static_cast<int>(
      std::clamp<int64_t>(room / (of_split + 3 * kInFlightMin), 1, limits.threads));
  const int64_t share =
      std::clamp(room / run->active_splits - of_split, kInFlightMin, kInFlightMax);
  const auto inputs = static_cast<int64_t>(run->plan.mixture ? run->plan.inputs.size() : 1);
  run->reader_bytes = kReaderBytes / inputs;
  run->writer_queue_bytes = share / 8;
  run->in_flight_bytes = share - run->writer_queue_bytes;
  // Beside partitions stands what the exchange has left.
  run->active_partitions = static_cast<int>(
      std::clamp<int64_t>((room - 2 * kExchangeBytes) / of_partition, 1, limits.threads));
  run->merge_bytes = std::clamp(room / 2, kMergeMin, kMergeMax);
  return Status::OK();
}

}  // namespace

Result<OperatorRun> OpenOperatorRun(const OperatorPlan& plan, const RunContext& context,
                                    TaskPool& pool) {
  OperatorRun run{plan,
                  context,
                  StageStore(*context.workspace, OperatorFolder(plan)),
                  OperatorStageKey(plan),
                  OutputSchema(plan),
                  pool};
  // A mixture reads all of its inputs at a time, others one after the other.
  int64_t page_bytes = 0;
  for (const StageInput& input : plan.inputs) {
    const int64_t of_input = input.in_place == nullptr ? 0 : input.in_place->page_bytes();
    page_bytes = plan.mixture ? page_bytes + of_input : std::max(page_bytes, of_input);
  }
  ARROW_RETURN_NOT_OK(DivideMemory(context.limits, page_bytes, &run));
  ARROW_ASSIGN_OR_RAISE(run.resumes, run.place.Look());
  return run;
}

}  // namespace millrace::stage
