// One column of a contract, compiled: an array of any type in, an array of the declared type and
// the rows that break a rule out.
#pragma once

#include <arrow/array.h>
#include <arrow/scalar.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "contract/cast/text_cast.h"
#include "contract/contract.h"
#include "contract/text_set.h"

namespace millrace::contract {

/// In the order they are checked. kReader: the value could not be had at all (a CellError of the
/// reader or an error of an expression); its rule word is the reader's.
enum class Check : uint8_t { kReader, kType, kRequired, kEnum, kMin, kMax, kLength, kRegex };

/// "contract.type".
const char* RuleOf(Check check);

struct Violation {
  int64_t row = 0;
  Check check = Check::kType;
  CastError why = CastError::kNone;  // of kType
};

struct ColumnOutcome {
  std::shared_ptr<arrow::Array> values;
  std::shared_ptr<arrow::Array> read;  // what was cast, after trim: for messages
  std::vector<Violation> violations;   // ascending rows, the first check that failed of each
};

/// Immutable, any thread.
class ColumnRule {
 public:
  /// Fails as ValidateContract says.
  static Result<std::shared_ptr<const ColumnRule>> Make(const Column& column);

  /// `failed_rows`: rows without a value for a reason of the reader, ascending.
  Result<ColumnOutcome> Apply(const std::shared_ptr<arrow::Array>& input,
                              const std::vector<int64_t>& failed_rows) const;

  /// What a value is measured against: "10", "2..20", "^[a-z]+$"; "" for required.
  std::string ThresholdOf(Check check) const;
  /// One sentence; the value only for columns that are not sensitive.
  std::string MessageOf(const Violation& violation, const ColumnOutcome& outcome) const;

 private:
  explicit ColumnRule(const Column& column) : column_(column) {}
  Result<CastResult> ToType(const std::shared_ptr<arrow::Array>& input,
                            ColumnOutcome* outcome) const;
  Status CheckValues(ColumnOutcome* outcome) const;

  Column column_;
  std::shared_ptr<const TextCast> cast_;
  std::shared_ptr<arrow::Scalar> default_, min_, max_;
  std::shared_ptr<arrow::Array> enum_;
  std::optional<TextSet> enum_texts_;  // the same, where they are texts
};

}  // namespace millrace::contract
