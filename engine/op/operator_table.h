// The one table of operators. From it come the validator of `operators:`, the JSON Schema,
// `millrace operators`, the reference pages under docs/operators/, and later the Python stubs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/config_spec.h"
#include "op/operator.h"
#include "op/request.h"

namespace millrace::op {

struct OperatorType {
  std::string name;
  Kind kind = Kind::kScore;
  int version = 1;                // raised with every change of what it does to a row
  std::string doc;                // one or two sentences
  std::string columns_doc;        // what it adds or changes; "" for nothing
  std::vector<Field> parameters;  // beside `type` and `id`
  /// Checks the parameters; over known columns it makes the operator, null when something is wrong.
  std::shared_ptr<const Operator> (*make)(const Request& request) = nullptr;
  /// The same rows give the same result at any time: no model, no service is asked.
  bool reproducible = true;
  /// Of filters: the rows it drops are not drawn, rather than rejected (`not_drawn` in the row
  /// equation).
  bool draws = false;
  /// It must know of all rows that reach it (Scope).
  bool global = false;
  /// Of filters: if not told otherwise, of a dropped row the keys are kept, not the row as a whole.
  bool keys_only = false;
  /// What it does is told by other code, a library, and so is its kind.
  bool any_kind = false;
  std::string source = {};   // of a published method: where it comes from
  std::string example = {};  // an entry of `operators:`, as YAML in one line
};

const std::vector<OperatorType>& Operators();
const OperatorType* FindOperator(const std::string& name);

/// An entry of `operators:` in a config: a variant for each type.
const ObjectSpec& OperatorSpec();

/// What of a dropped row is kept: a filter's `rejects:`.
enum class RejectDetail { kFull, kKeys, kCount };
/// What a filter does: a filter's `action:`.
enum class Action { kDrop, kTag };

/// The same for every type of operator; not for the operator itself.
struct CommonParameters {
  RejectDetail rejects = RejectDetail::kFull;
  Action action = Action::kDrop;
};
CommonParameters CommonOf(const ConfigValue& instance);

/// docs/operators/README.md and docs/operators/<name>.md.
std::string OperatorsMarkdown();
std::string OperatorMarkdown(const OperatorType& type);

}  // namespace millrace::op
