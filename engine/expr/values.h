// What every operation of the evaluation works on: the values of a part of an expression, one per
// row, and the rows that have none because something in them could not be computed.
#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/function_options.h>
#include <arrow/type_traits.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "expr/expression.h"
#include "expr/syntax.h"
#include "expr/types.h"

namespace millrace::expr {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Errors = std::map<int64_t, RowError>;  // by row: rows with errors are few

/// Rows with errors are null in `array`, so that operations need not look at them.
struct Values {
  ArrayPtr array;
  Errors errors;
};

Type TypeOf(const Values& values);
/// Whether the row of bools is that, and not null.
bool IsBool(const Values& values, int64_t row, bool wanted);
/// The errors of all, the first argument's where a row has several.
Errors Union(const std::vector<Values>& arguments);

/// The rows of one batch. Immutable, for one evaluation.
class Rows {
 public:
  Rows(const std::string& expression, int64_t count) : expression_(expression), count_(count) {}

  int64_t count() const { return count_; }

  /// Notes that `node` cannot be computed in that row: "`n / 0` divides by zero".
  std::nullopt_t Fail(const Node& node, int64_t row, const char* rule, const std::string& what,
                      Errors* errors) const;

  Result<Values> Nulls(const std::shared_ptr<arrow::DataType>& type) const;
  Result<Values> Constant(const arrow::Scalar& scalar) const;

  /// One value a row by `function(row, &errors)`, which gives an optional; none is null.
  template <class ArrowType, class Function>
  Result<Values> Map(const std::shared_ptr<arrow::DataType>& type, Errors errors,
                     Function function) const {
    typename arrow::TypeTraits<ArrowType>::BuilderType builder(type, arrow::default_memory_pool());
    ARROW_RETURN_NOT_OK(builder.Reserve(count_));
    for (int64_t row = 0; row < count_; ++row) {
      const auto value = function(row, &errors);
      ARROW_RETURN_NOT_OK(value ? builder.Append(*value) : builder.AppendNull());
    }
    Values values;
    values.errors = std::move(errors);
    ARROW_ASSIGN_OR_RAISE(values.array, builder.Finish());
    return values;
  }
  template <class ArrowType, class Function>
  Result<Values> Map(Errors errors, Function function) const {
    return Map<ArrowType>(arrow::TypeTraits<ArrowType>::type_singleton(), std::move(errors),
                          std::move(function));
  }

  /// The array with null in the rows of the errors.
  Result<Values> Masked(ArrayPtr array, Errors errors) const;

  /// Brings `values` to a type that CommonType gave; `node` is named where a value does not fit.
  Status To(const Node& node, const Type& type, Values* values) const;
  /// Brings all to their common type.
  Status Unify(const Node& node, std::vector<Values>* arguments) const;

  /// One of Arrow's functions over arrays of one type.
  static Result<Values> Compute(const std::string& function, std::vector<Values> arguments,
                                const arrow::compute::FunctionOptions* options = nullptr);

 private:
  const std::string& expression_;
  const int64_t count_;
};

}  // namespace millrace::expr
