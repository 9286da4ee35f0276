#include "stage/evidence/repeated_rows.h"

#include "stage/evidence/row_digest.h"
#include "stage/shard_rows.h"
#include "stage/sorted_stream.h"

namespace millrace::stage {
namespace {

constexpr size_t kFanIn = 100;

}  // namespace

Result<int64_t> CountRepeatedRows(io::Store& store, const std::vector<io::DataFile>& shards,
                                  const std::vector<std::string>& columns, SpillFolder& spill,
                                  int64_t bytes_max, const std::atomic<bool>* cancelled) {
  SpillingSorter<KeyDigest> sorter(spill, bytes_max);
  for (const io::DataFile& shard : shards) {
    ARROW_ASSIGN_OR_RAISE(auto rows, ShardRows::Open(store, shard, columns));
    while (true) {
      if (cancelled != nullptr && *cancelled) return Status::Cancelled("");
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
      if (batch == nullptr) break;
      ARROW_ASSIGN_OR_RAISE(const auto digests, DigestRows(*batch, columns));
      for (const KeyDigest& digest : digests) ARROW_RETURN_NOT_OK(sorter.Add(digest));
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto sorted, sorter.Finish(kFanIn));
  int64_t repeated = 0;
  KeyDigest last, digest;
  for (bool first = true;; first = false) {
    ARROW_ASSIGN_OR_RAISE(const bool more, sorted->Next(&digest));
    if (!more) return repeated;
    if (!first && digest == last) ++repeated;
    last = digest;
  }
}

}  // namespace millrace::stage
