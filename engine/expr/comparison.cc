// = != < <= > >= in between
#include <map>

#include "expr/operations.h"

namespace millrace::expr {

namespace {

bool Holds(const std::string& comparison, int order) {
  if (comparison == "=") return order == 0;
  if (comparison == "!=") return order != 0;
  if (comparison == "<") return order < 0;
  if (comparison == "<=") return order <= 0;
  return comparison == ">" ? order > 0 : order >= 0;
}

template <int (*Order)(const Values&, const Values&, int64_t)>
Result<Values> CompareBy(const Rows& rows, const std::string& comparison,
                         const Arguments& arguments) {
  bool holds[3];  // for each order: less, equal, greater
  for (int order = -1; order <= 1; ++order) holds[order + 1] = Holds(comparison, order);
  const Values &a = arguments[0], &b = arguments[1];
  return rows.Map<arrow::BooleanType>(Union(arguments),
                                      [&](int64_t row, Errors*) -> std::optional<bool> {
                                        if (a.array->IsNull(row) || b.array->IsNull(row))
                                          return std::nullopt;
                                        return holds[Order(a, b, row) + 1];
                                      });
}

Result<Values> Compare(const Rows& rows, const Node& node, const std::string& comparison,
                       Arguments arguments) {
  const Kind kinds[] = {TypeOf(arguments[0]).kind, TypeOf(arguments[1]).kind};
  for (const Kind kind : kinds) {
    if (kind == Kind::kNull) {
      ARROW_ASSIGN_OR_RAISE(auto nulls, rows.Nulls(arrow::boolean()));
      return Values{std::move(nulls.array), Union(arguments)};
    }
  }
  for (const Kind kind : kinds) {
    if (kind == Kind::kDecimal) return CompareBy<CompareDecimals>(rows, comparison, arguments);
    if (kind == Kind::kTime || kind == Kind::kTimestamp) {
      return CompareBy<CompareMoments>(rows, comparison, arguments);
    }
  }
  static const std::map<std::string, std::string> kKernels = {
      {"=", "equal"},       {"!=", "not_equal"}, {"<", "less"},
      {"<=", "less_equal"}, {">", "greater"},    {">=", "greater_equal"}};
  ARROW_RETURN_NOT_OK(rows.Unify(node, &arguments));
  return Rows::Compute(kKernels.at(comparison), std::move(arguments));
}

}  // namespace

Result<Values> EvaluateComparison(const Rows& rows, const Node& node, Arguments arguments) {
  const bool in = node.name == "in";
  if (!in && node.name != "between") return Compare(rows, node, node.name, std::move(arguments));
  Node combine;
  combine.name = in ? "or" : "and";
  Values result;
  for (size_t i = 1; i < arguments.size(); ++i) {
    const char* comparison = in ? "=" : i == 1 ? ">=" : "<=";
    ARROW_ASSIGN_OR_RAISE(auto one, Compare(rows, node, comparison, {arguments[0], arguments[i]}));
    if (i == 1) {
      result = std::move(one);
    } else {
      ARROW_ASSIGN_OR_RAISE(result,
                            EvaluateLogic(rows, combine, {std::move(result), std::move(one)}));
    }
  }
  return result;
}

}  // namespace millrace::expr
