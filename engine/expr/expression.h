// Expressions over the columns of a batch: `lower(trim(title)) || ' ' || int64(id)`. Parsed by our
// own small parser, so that every error points at a character, and evaluated on Arrow arrays.
// The language is described in docs/expressions.md.
//
// Null follows SQL: an operation on null is null, `and`/`or` use three-valued logic. A value that
// cannot be computed (a text that is no number, an overflow, a division by zero) is neither null
// nor an error of the run but an error of its row; `try(x)` makes it null. Branches that a row
// does not take (case, if, coalesce, and, or) cannot fail it.
//
// Thread-safety: an Expression is immutable; copies share their tree; any thread may evaluate.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::expr {

/// Limits of one expression; longer or deeper ones are refused when parsed.
inline constexpr size_t kTextBytesMax = 16 << 10;
inline constexpr int kDepthMax = 64;
inline constexpr size_t kListLengthMax = 1000;  // elements of `in (...)`, arguments of a function

/// A row whose value could not be computed.
struct RowError {
  int64_t row = 0;
  std::string rule;     // stable word: "expr.cast", "expr.overflow", "expr.divide_by_zero", ...
  std::string message;  // one sentence; names the part of the expression, never a value
};

struct Evaluation {
  std::shared_ptr<arrow::Array> values;  // one per row of the batch; null where there is an error
  std::vector<RowError> errors;          // ascending rows, at most one per row
};

class Expression {
 public:
  /// Parses without knowing the columns. BadExpression: the first diagnostic's span lies within
  /// `text`: line 1, column and length in code points, and an empty file name.
  static Result<Expression> Parse(const std::string& text);

  const std::string& text() const;
  /// The columns it reads, by name, each once, in order of appearance. A dotted `id.measure` is
  /// one name; so is anything in backticks. See ColumnsOf for members of structs.
  const std::vector<std::string>& columns() const;

  /// The columns of the schema that it reads, in order of appearance: that of `doc.title` is `doc`
  /// where `doc` is a struct and no column has the whole name. Names that are not there are left
  /// out.
  std::vector<std::string> ColumnsOf(const arrow::Schema& schema) const;

  /// The type of the values over `schema`; the type `null` for an expression that is always null.
  /// BadExpression with every problem at once: unknown columns, operands of the wrong type.
  Result<std::shared_ptr<arrow::DataType>> TypeCheck(const arrow::Schema& schema) const;
  /// As TypeCheck, and the result must be bool.
  Status CheckPredicate(const arrow::Schema& schema) const;

  /// Fails only as TypeCheck does, or for want of memory.
  Result<Evaluation> Evaluate(const arrow::RecordBatch& batch) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace millrace::expr
