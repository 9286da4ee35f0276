// How an operator is asked for: its parameters, and the columns it is to work on. Whatever is wrong
// is reported at the parameter that is to blame, all of it at once.
//
// Thread-safety: one thread.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_value.h"
#include "base/status.h"
#include "contract/contract.h"
#include "expr/expression.h"
#include "op/resources.h"

namespace millrace::op {

/// What is wrong with a parameter. `inside`: the diagnostic's span lies within the parameter's
/// text.
struct Problem {
  const ConfigValue* where = nullptr;
  Diagnostic diagnostic;
  bool inside = false;
};

/// From the reference that a secret parameter holds to the secret.
using SecretReader = std::function<Result<std::string>(const std::string& reference)>;

/// A contract of the config, "" for the short form, with its canonical text.
struct NamedContract {
  const contract::Contract* contract = nullptr;
  std::string json;
};

/// What instances are handed beside parameters and columns.
struct Supplies {
  SecretReader secrets;                        // empty: nothing is to be run, no secret is read
  std::shared_ptr<const Resources> resources;  // null: no file is opened; who needs one is not made
  std::vector<NamedContract> contracts = {};   // those that are declared
};

class Request {
 public:
  /// `columns`: those that reach the instance, by working name; null when only the parameters are
  /// to be looked at.
  Request(const ConfigValue& parameters, std::string id, uint64_t seed,
          std::shared_ptr<arrow::Schema> columns, std::vector<Problem>* problems,
          Supplies supplies = {})
      : parameters_(parameters),
        id_(std::move(id)),
        seed_(seed),
        columns_(std::move(columns)),
        problems_(problems),
        supplies_(std::move(supplies)) {}

  const ConfigValue& parameters() const { return parameters_; }
  const std::string& id() const { return id_; }
  uint64_t seed() const { return seed_; }
  const std::shared_ptr<arrow::Schema>& columns() const { return columns_; }
  const std::shared_ptr<const Resources>& resources() const { return supplies_.resources; }
  const std::vector<NamedContract>& contracts() const { return supplies_.contracts; }
  /// Columns are known and nothing is wrong so far: the operator can be made.
  bool ready() const { return columns_ != nullptr && !failed_; }

  /// At the parameter `key`, or at the instance where that is not written.
  void Report(std::string_view key, ErrorCode code, std::string message,
              std::string suggestion = "") const;
  void Report(const ConfigValue& where, ErrorCode code, std::string message,
              std::string suggestion = "") const;
  /// The diagnostics of an error, at `where` as far as they have no place of their own.
  void Report(const ConfigValue& where, const Status& error) const;
  /// A problem within the text of `where`.
  void ReportInside(const ConfigValue& where, Diagnostic diagnostic) const;

  /// The position of the column that `name` (a text of the parameters) names; -1, reported, when
  /// there is none or columns are not known.
  int Column(const ConfigValue& name) const;
  /// The column named by the parameter `key`, which must be of the type. -1 as above.
  int TextColumn(std::string_view key) const;
  /// The parameter `key` as an expression over the columns; none, reported, when it is none.
  /// `type`: filled in when columns are known.
  std::optional<expr::Expression> ExpressionOf(std::string_view key,
                                               std::shared_ptr<arrow::DataType>* type) const;
  /// The secret that the parameter `key`, marked as one, refers to; "" where secrets are not read,
  /// or, reported, where it cannot be. An operator that has one tells it from others by Identity().
  std::string SecretOf(std::string_view key) const;
  /// The same of one that must be true or false; none as well when columns are not known.
  std::optional<expr::Expression> PredicateOf(std::string_view key) const;
  /// The same of a text inside the parameters.
  std::optional<expr::Expression> Predicate(const ConfigValue& text) const;
  /// The field `<id>_<name>` or the measure `<id>.<name>`, reported when it is there already.
  /// `from`: what it is made of; a text made of a sensitive column is sensitive.
  std::shared_ptr<arrow::Field> NewField(const std::string& name,
                                         std::shared_ptr<arrow::DataType> type,
                                         const std::vector<int>& from) const;
  std::shared_ptr<arrow::Field> NewMeasure(const std::string& name,
                                           std::shared_ptr<arrow::DataType> type) const;
  /// The finding `eval.<id>_<name>` of an evaluator, likewise. It must not hold values of columns.
  std::shared_ptr<arrow::Field> NewFinding(const std::string& name,
                                           std::shared_ptr<arrow::DataType> type) const;
  /// REQUIRES: columns are known.
  bool IsSensitive(const std::vector<int>& columns) const;

 private:
  const ConfigValue& At(std::string_view key) const;
  std::optional<expr::Expression> Parsed(const ConfigValue& text,
                                         std::shared_ptr<arrow::DataType>* type) const;
  void CheckFree(const std::string& name) const;

  const ConfigValue& parameters_;
  std::string id_;
  uint64_t seed_;
  std::shared_ptr<arrow::Schema> columns_;
  std::vector<Problem>* problems_;
  Supplies supplies_;
  mutable bool failed_ = false;
};

/// Whether the field holds what must not be shown.
bool IsSensitive(const arrow::Field& field);
/// The field, marked as sensitive where that is wanted.
std::shared_ptr<arrow::Field> MarkSensitive(std::shared_ptr<arrow::Field> field, bool sensitive);

}  // namespace millrace::op
