// All operators, one line each. The function of that name, in the operator's own file, describes
// it.
#pragma once

#include "op/operator_table.h"

#define MILLRACE_OPERATORS(X) \
  X(Derive)                   \
  X(ExactDedup)               \
  X(Limit)                    \
  X(NormalizeText)            \
  X(RedactPii)                \
  X(RegexExtract)             \
  X(RegexReplace)             \
  X(Rename)                   \
  X(Select)                   \
  X(Shuffle)                  \
  X(TextStats)                \
  X(Unique)                   \
  X(Where)

namespace millrace::op {

#define X(name) OperatorType name();
MILLRACE_OPERATORS(X)
#undef X

}  // namespace millrace::op
