// limit: the first rows.
#include "op/operator_list.h"

namespace millrace::op {
namespace {

std::shared_ptr<const Operator> Make(const Request& request) {
  if (!request.ready()) return nullptr;
  const int64_t rows = request.parameters().Integer("rows");
  return std::make_shared<CountFilter>(
      rows, Reason{"limit.not_drawn", "", std::to_string(rows), "there are rows enough before it"});
}

}  // namespace

OperatorType Limit() {
  OperatorType type;
  type.name = "limit";
  type.kind = Kind::kFilter;
  type.global = true;
  type.keys_only = true;
  type.draws = true;
  type.doc =
      "Keeps the first rows that reach it, in the order of the input. The others count as not "
      "drawn.";
  type.parameters = {{.key = "rows",
                      .type = FieldType::kInteger,
                      .doc = "How many rows to keep.",
                      .required = true,
                      .min = 0}};
  type.example = "{id: head, type: limit, rows: 1000000}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
