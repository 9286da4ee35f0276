// explode: a row for each element of a list.
#include <arrow/builder.h>
#include <arrow/compute/api.h>

#include "contract/contract.h"
#include "op/generate/row_bytes.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

class ExplodeGenerator : public Generator {
 public:
  ExplodeGenerator(int column, std::shared_ptr<arrow::Field> field)
      : Generator({field->name()}, {field}, /*makes_rows=*/true), column_(column) {}

  Result<Generated> Generate(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    const auto& lists = static_cast<const arrow::ListArray&>(*rows.column(column_));
    arrow::Int64Builder parents, elements;
    for (int64_t row = 0; row < lists.length(); ++row) {
      const int64_t count = lists.IsNull(row) ? 0 : lists.value_length(row);
      if (count > 1 && BytesBeside(rows, column_, row) > kChildrenBytesMax / count) {
        failures->push_back({row, "explode.too_large",
                             "the other columns of the row are too large to be copied for each "
                             "element of the list"});
        continue;
      }
      if (count == 0) {  // no row is lost
        ARROW_RETURN_NOT_OK(parents.Append(row));
        ARROW_RETURN_NOT_OK(elements.AppendNull());
      }
      for (int64_t i = 0; i < count; ++i) {
        ARROW_RETURN_NOT_OK(parents.Append(row));
        ARROW_RETURN_NOT_OK(elements.Append(lists.value_offset(row) + i));
      }
    }
    Generated made;
    ARROW_ASSIGN_OR_RAISE(const auto indices, elements.Finish());
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken, arrow::compute::Take(lists.values(), indices));
    made.columns = {taken.make_array()};
    ARROW_RETURN_NOT_OK(parents.Finish(&made.parents));
    return made;
  }

 private:
  int column_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const ConfigValue* name = request.parameters().Find("field");
  const int column = name == nullptr ? -1 : request.Column(*name);
  if (column >= 0) {
    const arrow::DataType& type = *request.columns()->field(column)->type();
    if (type.id() != arrow::Type::LIST) {
      request.Report(
          *name, ErrorCode::kBadValue,
          '`' + name->text + "` is " + contract::TypeText(type) + ", but must be a list");
    }
  }
  if (!request.ready()) return nullptr;
  const arrow::Field& list = *request.columns()->field(column);
  const auto& element = static_cast<const arrow::ListType&>(*list.type()).value_type();
  return std::make_shared<ExplodeGenerator>(
      column, MarkSensitive(arrow::field(list.name(), element), IsSensitive(list)));
}

}  // namespace

OperatorType Explode() {
  OperatorType type;
  type.name = "explode";
  type.kind = Kind::kGenerator;
  type.doc =
      "Replaces a row by one for each element of a list, in their order. A null or empty list "
      "gives one row, with null.";
  type.columns_doc = "the list column, which holds the element; all others are copied";
  type.example = "{id: each, type: explode, field: answers}";
  type.parameters = {
      {.key = "field", .type = FieldType::kText, .doc = "The list column.", .required = true}};
  type.make = Make;
  return type;
}

}  // namespace millrace::op
