#include "expr/values.h"

#include <arrow/array/util.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/scalar.h>

#include "expr/operations.h"

namespace millrace::expr {

namespace cp = arrow::compute;

Type TypeOf(const Values& values) {
  const auto type = TypeOfColumn(*values.array->type());
  MILLRACE_CHECK(type.has_value());
  return *type;
}

bool IsBool(const Values& values, int64_t row, bool wanted) {
  const auto& array = static_cast<const arrow::BooleanArray&>(*values.array);
  return array.IsValid(row) && array.Value(row) == wanted;
}

Errors Union(const std::vector<Values>& arguments) {
  Errors errors;
  for (const Values& values : arguments) errors.insert(values.errors.begin(), values.errors.end());
  return errors;
}

std::nullopt_t Rows::Fail(const Node& node, int64_t row, const char* rule, const std::string& what,
                          Errors* errors) const {
  const std::string part = expression_.substr(node.begin, node.end - node.begin);
  errors->emplace(row, RowError{row, rule, "`" + part + "` " + what});
  return std::nullopt;
}

Result<Values> Rows::Nulls(const std::shared_ptr<arrow::DataType>& type) const {
  ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeArrayOfNull(type, count_));
  return Values{std::move(array), {}};
}

Result<Values> Rows::Constant(const arrow::Scalar& scalar) const {
  ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeArrayFromScalar(scalar, count_));
  return Values{std::move(array), {}};
}

Result<Values> Rows::Masked(ArrayPtr array, Errors errors) const {
  if (errors.empty()) return Values{std::move(array), {}};
  arrow::BooleanBuilder builder;
  for (int64_t row = 0; row < count_; ++row) {
    ARROW_RETURN_NOT_OK(builder.Append(errors.count(row) == 0));
  }
  ARROW_ASSIGN_OR_RAISE(auto keep, builder.Finish());
  ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(array->type(), count_));
  ARROW_ASSIGN_OR_RAISE(auto datum, cp::IfElse(keep, array, nulls));
  return Values{datum.make_array(), std::move(errors)};
}

Status Rows::To(const Node& node, const Type& type, Values* values) const {
  const auto wanted = ArrowTypeOf(type);
  if (values->array->type()->Equals(wanted)) return Status::OK();
  if (values->array->type_id() == arrow::Type::NA) {
    return arrow::MakeArrayOfNull(wanted, count_).Value(&values->array);
  }
  if (type.kind == Kind::kDecimal)
    return ToDecimal(*this, node, type, std::move(*values)).Value(values);
  if (type.kind == Kind::kTime || type.kind == Kind::kTimestamp) {
    return ToUnit(*this, node, type, std::move(*values)).Value(values);
  }
  const cp::CastOptions options = cp::CastOptions::Unsafe(wanted);  // only int64 to double
  return cp::Cast(*values->array, wanted, options).Value(&values->array);
}

Status Rows::Unify(const Node& node, std::vector<Values>* arguments) const {
  Type type;
  for (const Values& values : *arguments) {
    const auto common = CommonType(type, TypeOf(values));
    MILLRACE_CHECK(common.has_value());
    type = *common;
  }
  for (Values& values : *arguments) ARROW_RETURN_NOT_OK(To(node, type, &values));
  return Status::OK();
}

Result<Values> Rows::Compute(const std::string& function, std::vector<Values> arguments,
                             const cp::FunctionOptions* options) {
  std::vector<arrow::Datum> data;
  for (const Values& values : arguments) data.emplace_back(values.array);
  ARROW_ASSIGN_OR_RAISE(auto datum, cp::CallFunction(function, data, options));
  return Values{datum.make_array(), Union(arguments)};
}

}  // namespace millrace::expr
