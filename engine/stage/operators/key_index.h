// Digests of rows that outlive a stage: a place in which every stage that shares it has, under a
// name of its own, the digests of the rows that it kept (spec/key_index.md).
//
//   <name>.json             which file it is; replaced as a whole
//   <name>-<hash>.parquet   column `digest`, sorted
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/parquet/shard_writer.h"
#include "stage/duplicates.h"

namespace millrace::stage {

struct KeyIndexPart {
  std::string name;
  std::string keys;  // what the digests are of: the fields, and whether null is equal to null
  io::DataFile file;
};

/// What all names but `except` hold, by name. WorkspaceDamaged when a part is no part, or its file
/// has other bytes; Usage when it holds other keys.
Result<std::vector<KeyIndexPart>> ReadKeyIndex(io::Store& store, const std::string& keys,
                                               const std::string& except);

/// The digests of a part. The store must outlive it.
StreamOpener<KeyDigest> KeysOf(io::Store& store, const KeyIndexPart& part);

/// Thread-safety: one thread.
class KeyIndexWriter {
 public:
  /// The store must outlive it.
  static Result<std::unique_ptr<KeyIndexWriter>> Open(io::Store& store, const std::string& keys,
                                                      const std::string& name);
  virtual ~KeyIndexWriter() = default;
  /// REQUIRES: ascending.
  virtual Status Add(const KeyDigest& digest) = 0;
  /// The file is there, and no part names it yet.
  virtual Result<KeyIndexPart> Finish() = 0;
};

/// Makes it the part of its name, and lets go of the file that was. Nothing when it is already.
Status PutKeyIndexPart(io::Store& store, const KeyIndexPart& part);

}  // namespace millrace::stage
