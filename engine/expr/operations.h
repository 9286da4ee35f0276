// The operations of the evaluation, by what they are about. Each takes the values of its node's
// arguments, of the types that the type check allows, and gives the node's own.
#pragma once

#include <vector>

#include "expr/values.h"

namespace millrace::expr {

using Arguments = std::vector<Values>;

/// and, or, not, is null
Result<Values> EvaluateLogic(const Rows& rows, const Node& node, Arguments arguments);
/// case, if, coalesce, nullif: the one of several values that applies.
Result<Values> EvaluateChoice(const Rows& rows, const Node& node, Arguments arguments);
/// = != < <= > >= in between
Result<Values> EvaluateComparison(const Rows& rows, const Node& node, Arguments arguments);
/// + - * / % and minus, abs round floor ceil, of integers and floating-point numbers
Result<Values> EvaluateNumbers(const Rows& rows, const Node& node, Arguments arguments);
/// + - * and minus, abs, where an argument is a decimal
Result<Values> EvaluateDecimals(const Rows& rows, const Node& node, Arguments arguments);
/// int64, float64, decimal, text, bool
Result<Values> EvaluateCast(const Rows& rows, const Node& node, const Values& from);
/// lower, substr, regex_match, ...
Result<Values> EvaluateTexts(const Rows& rows, const Node& node, Arguments arguments);
/// like, split_part, lpad, strip_accents, ...
Result<Values> EvaluateTextParts(const Rows& rows, const Node& node, Arguments arguments);
/// date, time, timestamp, local_timestamp
Result<Values> EvaluateMoment(const Rows& rows, const Node& node, const Values& from);
/// year, month, ..., second, epoch
Result<Values> EvaluateMomentPart(const Rows& rows, const Node& node, const Values& from);

/// days_between
Result<Values> EvaluateDaysBetween(const Rows& rows, const Node& node, Arguments arguments);

/// `a` and `b` compared where Arrow's own comparison will not do: decimals and moments of any
/// scale and unit, exactly. -1, 0 or 1.
int CompareDecimals(const Values& a, const Values& b, int64_t row);
int CompareMoments(const Values& a, const Values& b, int64_t row);

/// An integer or decimal as a decimal of another scale; a row fails where it does not fit.
Result<Values> ToDecimal(const Rows& rows, const Node& node, const Type& type, Values from);
/// A time or timestamp in a finer unit, likewise.
Result<Values> ToUnit(const Rows& rows, const Node& node, const Type& type, Values from);

}  // namespace millrace::expr
