// `unique` over a whole table: which rows repeat the key of an earlier row.
//
// Each unique column is looked at by itself, over all rows that passed the contract: the first row
// with a key keeps it, every later one is a duplicate of that row; nulls are exempt. A row that
// repeats keys in several columns counts for the first of them in contract order.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "stage/commit_record.h"
#include "stage/key_digest.h"
#include "stage/sorted_stream.h"

namespace millrace::stage {

/// A row, as split and position there, that repeats the key of the row it names.
struct Duplicate {
  int32_t split = 0;   // index into the splits that were compared
  int32_t column = 0;  // index into CommitRecord::keys
  int64_t position = 0;
  int64_t first_position = 0;  // of the row it repeats
  int32_t first_split = 0;
  int32_t padding = 0;  // spilled as it stands: no byte of it may be undefined

  std::strong_ordering operator<=>(const Duplicate& other) const {
    if (const auto order = split <=> other.split; order != 0) return order;
    if (const auto order = position <=> other.position; order != 0) return order;
    return column <=> other.column;
  }
  bool operator==(const Duplicate& other) const { return (*this <=> other) == 0; }
};

/// Keys that come before those of all rows, and what is told of the rows.
struct KnownKeys {
  /// Sorted. A row with a key of them repeats position `i` of split -1, i being the first stream.
  std::vector<StreamOpener<KeyDigest>> streams;
  /// Each key that is in no stream, once, sorted, with its first row; may be empty.
  std::function<Status(const KeyDigest&, int64_t split, int64_t position)> on_new;
};

/// All duplicates by split, position and column. `splits` in row order, of which only the key
/// summaries are looked at; memory near `bytes_max`. `key_of`: the workspace key of a path of a
/// record.
Result<std::unique_ptr<SortedStream<Duplicate>>> FindDuplicates(
    io::Store& store, SpillFolder& spill, const std::vector<const CommitRecord*>& splits,
    const std::function<std::string(const std::string& path)>& key_of, int64_t bytes_max,
    const KnownKeys& known = {});

}  // namespace millrace::stage
