// All operators, one line each. The function of that name, in the operator's own file, describes
// it.
#pragma once

#include "op/operator_table.h"

#define MILLRACE_OPERATORS(X) \
  X(ChunkText)                \
  X(Derive)                   \
  X(EvalAgreement)            \
  X(EvalContract)             \
  X(EvalRule)                 \
  X(ExactDedup)               \
  X(Explode)                  \
  X(ImageDedup)               \
  X(ImageFilter)              \
  X(ImageStats)               \
  X(Language)                 \
  X(Limit)                    \
  X(NormalizeText)            \
  X(Plugin)                   \
  X(Python)                   \
  X(RedactPii)                \
  X(RegexExtract)             \
  X(RegexReplace)             \
  X(Rename)                   \
  X(Sample)                   \
  X(Select)                   \
  X(Shuffle)                  \
  X(Template)                 \
  X(TextQuality)              \
  X(TextStats)                \
  X(Threshold)                \
  X(TokenCount)               \
  X(Unique)                   \
  X(Where)

namespace millrace::op {

#define X(name) OperatorType name();
MILLRACE_OPERATORS(X)
#undef X

}  // namespace millrace::op
