// select: the columns to go on with.
#include <algorithm>

#include "base/reserved_columns.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

class SelectRefiner : public Refiner {
 public:
  SelectRefiner(std::vector<std::string> reads, std::shared_ptr<arrow::Schema> output,
                std::vector<int> positions)
      : Refiner(std::move(reads), {}, std::move(output)), positions_(std::move(positions)) {}

  Result<Refined> Refine(const arrow::RecordBatch& rows, RowFailures*) const override {
    arrow::ArrayVector columns;
    for (const int at : positions_) columns.push_back(rows.column(at));
    return Refined{arrow::RecordBatch::Make(output(), rows.num_rows(), std::move(columns)),
                   nullptr};
  }

 private:
  std::vector<int> positions_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const bool drops = request.parameters().IsWritten("drop");
  const ConfigValue* list = request.parameters().Find(drops ? "drop" : "columns");
  if (drops && request.parameters().IsWritten("columns")) {
    request.Report("drop", ErrorCode::kBadValue, "`columns` and `drop` exclude each other");
  } else if (!drops && !request.parameters().IsWritten("columns")) {
    request.Report("columns", ErrorCode::kBadValue, "`columns` is missing",
                   "name the columns to keep, or those to `drop`");
  }
  if (list == nullptr || request.columns() == nullptr) return nullptr;
  std::vector<int> named;
  for (const ConfigValue& item : list->items) {
    const int at = request.Column(item);
    if (std::find(named.begin(), named.end(), at) != named.end() && at >= 0) {
      request.Report(item, ErrorCode::kDuplicateName, "`" + item.text + "` is named twice");
    }
    named.push_back(at);
  }
  if (!request.ready()) return nullptr;
  const arrow::Schema& input = *request.columns();
  const auto is_named = [&](int at) {
    return std::find(named.begin(), named.end(), at) != named.end();
  };
  std::vector<int> positions = drops ? std::vector<int>() : named;
  for (int at = 0; at < input.num_fields(); ++at) {
    const std::string& name = input.field(at)->name();
    const bool own = !IsReservedColumn(name) && name.find('.') == std::string::npos;
    // What the engine knows of a row stays; measures too, unless they are dropped by name.
    if (own ? drops && !is_named(at) : !is_named(at)) positions.push_back(at);
  }
  arrow::FieldVector fields;
  std::vector<std::string> reads;
  for (const int at : positions) fields.push_back(input.field(at));
  for (const ConfigValue& item : list->items) reads.push_back(item.text);
  return std::make_shared<SelectRefiner>(std::move(reads), arrow::schema(std::move(fields)),
                                         std::move(positions));
}

}  // namespace

OperatorType Select() {
  OperatorType type;
  type.name = "select";
  type.kind = Kind::kRefiner;
  type.doc = "Goes on with some columns and leaves out the others. Row ids and measures stay.";
  type.columns_doc = "removes columns";
  type.parameters = {{.key = "columns",
                      .type = FieldType::kTexts,
                      .doc = "The columns to keep, in the order wanted.",
                      .min = 1},
                     {.key = "drop",
                      .type = FieldType::kTexts,
                      .doc = "Instead: the columns to leave out.",
                      .min = 1}};
  type.example = "{id: slim, type: select, columns: [id, text]}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
