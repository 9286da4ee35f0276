// What a finished stage is made of: the value type. Codec: manifest_json.h; format:
// spec/manifest.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/data_file.h"
#include "io/read_as.h"
#include "op/value_histogram.h"

namespace millrace::stage {

struct InputFile {
  std::string source;
  std::string path;  // relative to the source's root
  int64_t bytes = 0;
  std::string sha256;
  io::ReadAs read_as = {};
  bool operator==(const InputFile&) const = default;
};

/// read + derived + repeated = written + rejected + expanded + not_drawn.
struct RowEquation {
  int64_t read = 0, derived = 0, repeated = 0;
  int64_t written = 0, rejected = 0, expanded = 0, not_drawn = 0;
  bool holds() const {
    return read + derived + repeated == written + rejected + expanded + not_drawn;
  }
  void Add(const RowEquation& other);
};

/// How many rows one rule of one instance rejected ("csv", "contract", "unique").
struct RejectCount {
  std::string source, instance, rule, column;
  int64_t rows = 0;
};

/// How many values of a column `on_error: set_null` took out, by the rule that they broke. The rows
/// stayed: this is no term of the row equation.
struct NulledCount {
  std::string source, rule, column;
  int64_t values = 0;
};

/// What one operator instance did with the rows that reached it.
struct InstanceCount {
  std::string id, type, kind;
  int version = 0;
  std::string file_sha256;                     // of the plug-in or model it works with; "" for none
  int64_t reached = 0, dropped = 0;            // dropped: rejected, or not drawn by it
  int64_t tagged = 0, refined = 0;             // rows that stayed
  int64_t expanded = 0, derived = 0;           // parents replaced, children made
  std::vector<op::ValueHistogram> histograms;  // of filters: what they looked at
  void Add(const InstanceCount& other);
};

/// How much rows are. Bytes: logical ones of the user's columns (io::LogicalBytes). Tokens and
/// images: 0 where nothing counts them.
struct Amount {
  int64_t rows = 0, bytes = 0, tokens = 0, images = 0;
  void Add(const Amount& other) {
    rows += other.rows;
    bytes += other.bytes;
    tokens += other.tokens;
    images += other.images;
  }
};

/// What an output mixture drew of one bucket.
struct DrawnBucket {
  std::string name;
  double quota = 0;       // its share as the config writes it
  int64_t available = 0;  // rows that fell into it
  int64_t asked = 0;      // of them that the quota asks for, there being so many
  Amount drawn;
};

/// What a mixture drew of one input.
struct MixedInput {
  std::string name;
  double weight = 0;      // as asked for at the beginning
  int64_t rows = 0;       // of the input
  int64_t available = 0;  // of them, with caps
  int64_t drawn = 0;      // all, and of them those of later epochs
  int64_t repeated = 0;
  int64_t bytes = 0, tokens = 0, images = 0;  // of those drawn, as in Amount
  /// With a curriculum the share of what was drawn that its weights ask for; < 0: without one.
  double asked = -1;
};

/// The part of each amount that the weights ask for and that came about: of 1, to six places.
struct MixShare {
  double asked = 0, rows = 0, bytes = 0, tokens = 0, images = 0;
};
std::vector<MixShare> SharesOf(const std::vector<double>& weights,
                               const std::vector<Amount>& amounts);

/// Of one column over the rows written. Texts are empty for sensitive columns.
struct ColumnProfile {
  std::string name, type;
  bool sensitive = false;
  int64_t rows = 0, nulls = 0;
  int64_t distinct_estimate = 0;           // HyperLogLog, 2^12 registers: about 1.6 % error
  std::string min, max;                    // text of the smallest and largest value
  int64_t length_min = 0, length_max = 0;  // bytes of strings, elements of lists
  double length_mean = 0;
};

struct Manifest {
  int format_version = 0;
  std::string pipeline, stage, table;  // table: the contract's name, "" for the short form
  std::string stage_key, run_id, config_hash, code_version, engine_version;
  uint64_t seed = 0;
  int contract_version = 0;
  RowEquation rows;
  std::map<std::string, RowEquation> rows_by_source;
  std::vector<RejectCount> rejects;
  std::vector<InstanceCount> instances;       // of a stage with operators, in their order
  std::vector<MixedInput> mixture;            // of a stage that mixes its inputs
  std::vector<DrawnBucket> buckets;           // of a stage with an output mixture
  std::string draws;                          // of it: tells what it was asked for from others
  std::string mixture_tokens, bucket_tokens;  // what counts their tokens; "" for nothing
  std::string mixture_images;                 // likewise images
  std::vector<NulledCount> nulled;            // sorted by source, rule, column
  std::map<std::string, int> operator_versions;
  std::vector<io::DataFile> outputs;  // in row order
  std::vector<io::DataFile> reject_files;
  std::vector<ColumnProfile> profiles;
  std::vector<InputFile> inputs;
  std::map<std::string, std::string> snapshots;  // source -> id, where its files are a snapshot's
};

std::vector<MixShare> SharesOf(const std::vector<MixedInput>& mixture);
std::vector<MixShare> SharesOf(const std::vector<DrawnBucket>& buckets);

/// Adds `from` to `to`, one entry per source, rule and column, sorted.
void AddNulledCounts(const std::vector<NulledCount>& from, std::vector<NulledCount>* to);

}  // namespace millrace::stage
