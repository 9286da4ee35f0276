// output_mixture: the last thing a stage does to its rows. Each belongs to the first bucket whose
// expression is true of it, and of each bucket a share is drawn, by a hash of the rows' ids.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "expr/expression.h"
#include "op/operator.h"
#include "op/operator_table.h"

namespace millrace::op {

inline constexpr char kOutputMixture[] = "output_mixture";  // the instance's id and type
inline constexpr size_t kBucketsMax = 64;
inline constexpr uint8_t kNoBucket = 255;

struct QuotaBucket {
  std::string name;
  expr::Expression expression;
  int64_t weight = 0;  // in kWeightUnit
};

struct QuotaOptions {
  int64_t rows = -1;        // in all; -1: as many as there are
  bool exact = true;        // false: each row is drawn by itself, with the chance of its bucket
  bool fills = false;       // other buckets give what one is short of
  uint64_t seed = 0;        // of the hash
  std::string tokens = {};  // an expression over the working columns; "" for none
};

/// Thread-safety: as every operator.
class QuotaFilter : public GlobalFilter {
 public:
  QuotaFilter(std::vector<std::string> reads, std::vector<QuotaBucket> buckets,
              QuotaOptions options);
  Scope scope() const final { return Scope::kQuota; }
  /// The order of the buckets, which their parameters as JSON do not tell.
  std::string Identity() const final;

  const std::vector<QuotaBucket>& buckets() const { return buckets_; }
  const QuotaOptions& options() const { return options_; }
  /// Why rows are dropped that are in no bucket.
  const Reason& outside() const { return outside_; }

  /// Per row an index into buckets(), or kNoBucket.
  Result<std::vector<uint8_t>> BucketsOf(const arrow::RecordBatch& rows,
                                         RowFailures* failures) const;
  /// What rows of a bucket are drawn by: the smallest first.
  std::vector<uint64_t> HashesOf(const arrow::RecordBatch& rows) const;

 private:
  std::vector<QuotaBucket> buckets_;
  QuotaOptions options_;
  Reason outside_;
};

/// Its description; it is no entry of the table, for it does not stand among `operators:`.
const OperatorType& OutputMixture();
const ObjectSpec& OutputMixtureSpec();

/// The parameter `tokens`, an expression over the columns that counts the tokens of a row; if
/// absent the measure of a `token_count`, where exactly one reaches the stage. "" for nothing, also
/// when it is wrong and reported.
std::string TokensOf(const Request& request);

}  // namespace millrace::op
