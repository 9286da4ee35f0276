// Operators as tests want them: parameters as texts, columns as literals.
#pragma once

#include <arrow/api.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "op/chain.h"

namespace millrace::op::testing {

/// Of a parameter: its key and its value as one would write it; lists as "a, b", maps of texts as
/// "a: b, c: d".
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// What a config would hold for the instance. Defaults are filled in; what the tables of the
/// operator do not know is a failed check.
ConfigValue InstanceValue(const std::string& type, const std::string& id,
                          const Parameters& parameters);

/// The operator over the columns (by working name, without row ids), or its problems, joined by
/// newlines.
Result<Instance> Bind(const std::string& type, const std::string& id, const Parameters& parameters,
                      const std::shared_ptr<arrow::Schema>& columns, uint64_t seed = 0);

/// A chain of instances over stored rows, each bound to what reaches it.
struct Step {
  std::string type, id;
  Parameters parameters;
};
Result<std::shared_ptr<const Chain>> MakeChain(const std::shared_ptr<arrow::Schema>& stored,
                                               const std::vector<Step>& steps, uint64_t seed = 0);

using Texts = std::vector<std::optional<std::string>>;
std::shared_ptr<arrow::Array> TextArray(const Texts& values);
std::shared_ptr<arrow::Array> IntArray(const std::vector<std::optional<int64_t>>& values);

/// A batch of the columns with row ids "src/file#0", "src/file#1", ... behind them.
std::shared_ptr<arrow::RecordBatch> Rows(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns);

/// Applies the chain to the whole and to slices of every length, which must give the same.
ChainResult Apply(const Chain& chain, const std::shared_ptr<arrow::RecordBatch>& rows);

/// The values of a column as JSON texts; "null" for nulls.
std::vector<std::string> Values(const arrow::RecordBatch& rows, const std::string& column);

}  // namespace millrace::op::testing
