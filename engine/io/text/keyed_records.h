// Records that are names with values: the half of a format's reader that does not depend on the
// format. A format gives a KeyedSource, which finds records and reads one; what columns there are,
// the projection, rejects and the accounting for every byte are done here.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/record_reader.h"

namespace millrace::io {

/// A chunk that knows where its records are. Bytes between them belong to nobody.
struct RecordsChunk : Chunk {
  std::vector<RecordExtent> records;
};

struct KeyedRecord {
  std::vector<std::pair<std::string, std::string>> values;  // by name, in the record's order
  std::string rule, message;  // why it is a reject; "" when it is none
};

class KeyedSource {
 public:
  virtual ~KeyedSource() = default;
  /// The next run of whole records, or null at the end. Serial. A record of more than
  /// record_bytes_max may come alone, with `oversize_bytes` and only its head.
  virtual Result<std::shared_ptr<RecordsChunk>> Next() = 0;
  /// One record's bytes. Thread-safe and pure.
  virtual KeyedRecord Read(std::string_view record) const = 0;
  /// As RecordReader::read_as.
  virtual ReadAs read_as() const { return {}; }
};

struct KeyedOptions {
  std::string format;  // the first part of reject rules: "xml" gives "xml.record_too_long"
  int64_t record_bytes_max = 0;
};

/// With Projection::all the columns are the names in the records of the first MiB (at least of the
/// first record), in the order they appear. A name that a record lacks is null in it.
Result<std::unique_ptr<RecordReader>> ReadKeyedRecords(std::unique_ptr<KeyedSource> source,
                                                       const KeyedOptions& options,
                                                       const Projection& projection);

}  // namespace millrace::io
