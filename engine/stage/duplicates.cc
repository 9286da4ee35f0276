#include "stage/duplicates.h"

#include <algorithm>

#include "stage/key_summary.h"

namespace millrace::stage {
namespace {

constexpr size_t kFanInMax = 200;  // descriptors are scarce too
// A batch as read, decoded, and the file's own state.
constexpr int64_t kOpenRunBytes = 3 * kKeysPerBatch * static_cast<int64_t>(sizeof(Key));

// The same of a file of an index, whose pages are larger.
constexpr int64_t kOpenKnownBytes = 2 << 20;

struct SplitKey {
  KeyDigest digest;
  int64_t split = 0;
  int64_t position = 0;
  auto operator<=>(const SplitKey&) const = default;
};

/// One sorted run of a summary.
class RunStream : public SortedStream<SplitKey> {
 public:
  RunStream(std::shared_ptr<KeySummaryReader> reader, int64_t run, int64_t split)
      : reader_(std::move(reader)),
        batch_(reader_->first_batch(run)),
        end_(reader_->first_batch(run + 1)),
        split_(split) {}

  Result<bool> Next(SplitKey* value) override {
    while (next_ == keys_.size()) {
      if (batch_ == end_) return false;
      ARROW_ASSIGN_OR_RAISE(keys_, reader_->ReadBatch(batch_++));
      next_ = 0;
    }
    *value = {keys_[next_].digest, split_, keys_[next_].position};
    ++next_;
    return true;
  }

 private:
  std::shared_ptr<KeySummaryReader> reader_;
  int64_t batch_, end_, split_;
  std::vector<Key> keys_;
  size_t next_ = 0;
};

std::vector<StreamOpener<SplitKey>> OpenersOf(io::Store& store, const std::string& key,
                                              int64_t keys, int64_t split) {
  std::vector<StreamOpener<SplitKey>> openers;
  const int64_t runs = (keys + kKeysPerRun - 1) / kKeysPerRun;
  for (int64_t run = 0; run < runs; ++run) {
    openers.push_back(
        [&store, key, run, split]() -> Result<std::unique_ptr<SortedStream<SplitKey>>> {
          ARROW_ASSIGN_OR_RAISE(auto reader, KeySummaryReader::Open(store, key));
          return std::make_unique<RunStream>(std::move(reader), run, split);
        });
  }
  return openers;
}

/// A stream of known keys, before all rows.
class KnownStream : public SortedStream<SplitKey> {
 public:
  KnownStream(std::unique_ptr<SortedStream<KeyDigest>> keys, int64_t number)
      : keys_(std::move(keys)), number_(number) {}
  Result<bool> Next(SplitKey* value) override {
    *value = {{}, -1, number_};
    return keys_->Next(&value->digest);
  }

 private:
  std::unique_ptr<SortedStream<KeyDigest>> keys_;
  int64_t number_;
};

std::vector<StreamOpener<SplitKey>> OpenersOf(const KnownKeys& known) {
  std::vector<StreamOpener<SplitKey>> openers;
  for (size_t i = 0; i < known.streams.size(); ++i) {
    openers.push_back(
        [open = known.streams[i], i]() -> Result<std::unique_ptr<SortedStream<SplitKey>>> {
          ARROW_ASSIGN_OR_RAISE(auto keys, open());
          return std::make_unique<KnownStream>(std::move(keys), static_cast<int64_t>(i));
        });
  }
  return openers;
}

// Keys come sorted by digest, then in row order: the first of equal ones keeps its key.
Status CompareColumn(SortedStream<SplitKey>& keys, int32_t column, const KnownKeys& known,
                     SpillingSorter<Duplicate>* out) {
  SplitKey first, key;
  for (bool any = false;; any = true) {
    ARROW_ASSIGN_OR_RAISE(const bool more, keys.Next(&key));
    if (!more) return Status::OK();
    if (!any || key.digest != first.digest) {
      first = key;
      if (key.split >= 0 && known.on_new) {
        ARROW_RETURN_NOT_OK(known.on_new(key.digest, key.split, key.position));
      }
      continue;
    }
    if (key.split < 0) continue;  // in several streams
    Duplicate duplicate;
    duplicate.split = static_cast<int32_t>(key.split);
    duplicate.column = column;
    duplicate.position = key.position;
    duplicate.first_split = static_cast<int32_t>(first.split);
    duplicate.first_position = first.position;
    ARROW_RETURN_NOT_OK(out->Add(duplicate));
  }
}

}  // namespace

Result<std::unique_ptr<SortedStream<Duplicate>>> FindDuplicates(
    io::Store& store, SpillFolder& spill, const std::vector<const CommitRecord*>& splits,
    const std::function<std::string(const std::string& path)>& key_of, int64_t bytes_max,
    const KnownKeys& known) {
  const int64_t open_bytes = known.streams.empty() ? kOpenRunBytes : kOpenKnownBytes;
  const size_t fan_in = static_cast<size_t>(
      std::clamp<int64_t>(bytes_max / 2 / open_bytes, 2, static_cast<int64_t>(kFanInMax)));
  SpillingSorter<Duplicate> duplicates(spill, bytes_max / 2);
  size_t columns = 0;
  for (const CommitRecord* split : splits) columns = std::max(columns, split->keys.size());
  for (size_t column = 0; column < columns; ++column) {
    std::vector<StreamOpener<SplitKey>> openers = OpenersOf(known);
    for (size_t i = 0; i < splits.size(); ++i) {
      if (splits[i]->keys.empty()) continue;  // a split without a single record
      const io::DataFile& file = splits[i]->keys[column].file;
      const auto more = OpenersOf(store, key_of(file.path), file.rows, static_cast<int64_t>(i));
      openers.insert(openers.end(), more.begin(), more.end());
    }
    ARROW_ASSIGN_OR_RAISE(auto keys, MergeStreams<SplitKey>(spill, std::move(openers), fan_in));
    ARROW_RETURN_NOT_OK(CompareColumn(*keys, static_cast<int32_t>(column), known, &duplicates));
  }
  return duplicates.Finish(fan_in);
}

}  // namespace millrace::stage
