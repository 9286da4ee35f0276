// Sorted sequences larger than memory: streams of plain values, files they are spilled to, and the
// merge of any number of streams with a bounded number open at a time.
//
// T is trivially copyable and ordered. Spilled files are raw values for this run alone; they are
// removed when nobody reads them any more, and what a killed run left is removed by the next.
// Thread-safety: one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "stage/spill.h"

namespace millrace::stage {

/// Of the runs of a sort, where nothing else is said: each open one takes a buffer and a
/// descriptor.
inline constexpr size_t kMergedAtOnce = 64;

template <typename T>
class SortedStream {
 public:
  virtual ~SortedStream() = default;
  /// False at the end.
  virtual Result<bool> Next(T* value) = 0;
};

/// Opened when its turn comes: open files cost memory and descriptors.
template <typename T>
using StreamOpener = std::function<Result<std::unique_ptr<SortedStream<T>>>()>;

template <typename T>
class SpilledStream : public SortedStream<T> {
 public:
  explicit SpilledStream(std::unique_ptr<SpillReader> reader) : reader_(std::move(reader)) {}
  Result<bool> Next(T* value) override { return reader_->Read(value, sizeof(T)); }

 private:
  static_assert(std::is_trivially_copyable_v<T>);
  std::unique_ptr<SpillReader> reader_;
};

template <typename T>
class MergedStream : public SortedStream<T> {
 public:
  static Result<std::unique_ptr<SortedStream<T>>> Open(
      const std::vector<StreamOpener<T>>& openers) {
    auto merged = std::unique_ptr<MergedStream>(new MergedStream);
    for (const StreamOpener<T>& open : openers) {
      ARROW_ASSIGN_OR_RAISE(auto stream, open());
      merged->streams_.push_back(std::move(stream));
      ARROW_RETURN_NOT_OK(merged->Refill(merged->streams_.size() - 1));
    }
    return std::unique_ptr<SortedStream<T>>(std::move(merged));
  }
  Result<bool> Next(T* value) override {
    if (heads_.empty()) return false;
    const Head head = heads_.top();
    heads_.pop();
    *value = head.value;
    ARROW_RETURN_NOT_OK(Refill(head.stream));
    return true;
  }

 private:
  struct Head {
    T value;
    size_t stream;
    bool operator>(const Head& other) const {
      return value == other.value ? stream > other.stream : other.value < value;
    }
  };
  Status Refill(size_t stream) {
    Head head{{}, stream};
    ARROW_ASSIGN_OR_RAISE(const bool more, streams_[stream]->Next(&head.value));
    if (more) {
      heads_.push(head);
    } else {
      streams_[stream].reset();
    }
    return Status::OK();
  }

  std::vector<std::unique_ptr<SortedStream<T>>> streams_;
  std::priority_queue<Head, std::vector<Head>, std::greater<Head>> heads_;
};

/// All streams as one. More than `fan_in` are merged in passes through spilled files.
template <typename T>
Result<std::unique_ptr<SortedStream<T>>> MergeStreams(SpillFolder& folder,
                                                      std::vector<StreamOpener<T>> openers,
                                                      size_t fan_in) {
  while (openers.size() > fan_in) {
    std::vector<StreamOpener<T>> next;
    for (size_t begin = 0; begin < openers.size(); begin += fan_in) {
      const size_t end = std::min(begin + fan_in, openers.size());
      const auto first = openers.begin();
      ARROW_ASSIGN_OR_RAISE(auto merged,
                            MergedStream<T>::Open({first + static_cast<std::ptrdiff_t>(begin),
                                                   first + static_cast<std::ptrdiff_t>(end)}));
      ARROW_ASSIGN_OR_RAISE(auto writer, folder.Create());
      T value;
      for (;;) {
        ARROW_ASSIGN_OR_RAISE(const bool more, merged->Next(&value));
        if (!more) break;
        ARROW_RETURN_NOT_OK(writer->Write(&value, sizeof value));
      }
      ARROW_ASSIGN_OR_RAISE(std::shared_ptr<SpillFile> file, writer->Finish());
      next.push_back([file]() -> Result<std::unique_ptr<SortedStream<T>>> {
        ARROW_ASSIGN_OR_RAISE(auto reader, SpillReader::Open(file));
        return std::make_unique<SpilledStream<T>>(std::move(reader));
      });
    }
    openers = std::move(next);
  }
  return MergedStream<T>::Open(openers);
}

/// Sorts what is added, in memory as long as it fits.
template <typename T>
class SpillingSorter {
 public:
  SpillingSorter(SpillFolder& folder, int64_t bytes_max)
      : folder_(folder),
        values_max_(std::max<size_t>(1, static_cast<size_t>(bytes_max) / sizeof(T))) {}

  Status Add(const T& value) {
    values_.push_back(value);
    return values_.size() >= values_max_ ? Spill() : Status::OK();
  }
  /// To be called once, last.
  Result<std::unique_ptr<SortedStream<T>>> Finish(size_t fan_in) {
    if (spilled_.empty()) {
      std::sort(values_.begin(), values_.end());
      return std::make_unique<InMemory>(std::move(values_));
    }
    if (!values_.empty()) ARROW_RETURN_NOT_OK(Spill());
    values_.shrink_to_fit();
    return MergeStreams<T>(folder_, std::move(spilled_), fan_in);
  }

 private:
  class InMemory : public SortedStream<T> {
   public:
    explicit InMemory(std::vector<T> values) : values_(std::move(values)) {}
    Result<bool> Next(T* value) override {
      if (next_ == values_.size()) return false;
      *value = values_[next_++];
      return true;
    }

   private:
    std::vector<T> values_;
    size_t next_ = 0;
  };

  Status Spill() {
    std::sort(values_.begin(), values_.end());
    ARROW_ASSIGN_OR_RAISE(auto writer, folder_.Create());
    ARROW_RETURN_NOT_OK(writer->Write(values_.data(), values_.size() * sizeof(T)));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<SpillFile> file, writer->Finish());
    spilled_.push_back([file]() -> Result<std::unique_ptr<SortedStream<T>>> {
      ARROW_ASSIGN_OR_RAISE(auto reader, SpillReader::Open(file));
      return std::make_unique<SpilledStream<T>>(std::move(reader));
    });
    values_.clear();
    return Status::OK();
  }

  SpillFolder& folder_;
  size_t values_max_;
  std::vector<T> values_;
  std::vector<StreamOpener<T>> spilled_;
};

}  // namespace millrace::stage
