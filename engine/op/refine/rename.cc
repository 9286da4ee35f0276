// rename: other names for columns.
#include <set>

#include "base/reserved_columns.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

class RenameRefiner : public Refiner {
 public:
  RenameRefiner(std::vector<std::string> reads, std::vector<std::string> writes,
                std::shared_ptr<arrow::Schema> output)
      : Refiner(std::move(reads), std::move(writes), std::move(output)) {}

  Result<Refined> Refine(const arrow::RecordBatch& rows, RowFailures*) const override {
    return Refined{arrow::RecordBatch::Make(output(), rows.num_rows(), rows.columns()), nullptr};
  }
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const ConfigValue* columns = request.parameters().Find("columns");
  if (columns == nullptr || request.columns() == nullptr) return nullptr;
  arrow::FieldVector fields = request.columns()->fields();
  std::vector<std::string> reads, writes;
  for (size_t i = 0; i < columns->members.size(); ++i) {
    const auto& [from, to] = columns->members[i];
    ConfigValue name = to;
    name.text = from;
    const int at = request.Column(name);
    if (to.text.empty() || to.text.find('.') != std::string::npos || IsReservedColumn(to.text)) {
      request.Report(
          to, ErrorCode::kBadValue,
          "a column's name is not empty, has no dot, and does not begin with `__fdf__/`");
    } else if (at >= 0) {
      fields[static_cast<size_t>(at)] = fields[static_cast<size_t>(at)]->WithName(to.text);
      reads.push_back(from);
      writes.push_back(to.text);
    }
  }
  std::set<std::string> names;
  for (const auto& field : fields) {
    if (names.insert(field->name()).second) continue;
    request.Report("columns", ErrorCode::kDuplicateName,
                   "two columns would be called `" + field->name() + "`");
  }
  if (!request.ready()) return nullptr;
  return std::make_shared<RenameRefiner>(std::move(reads), std::move(writes),
                                         arrow::schema(std::move(fields)));
}

}  // namespace

OperatorType Rename() {
  OperatorType type;
  type.name = "rename";
  type.kind = Kind::kRefiner;
  type.doc = "Gives columns other names; they keep their places.";
  type.columns_doc = "the columns by their new names";
  type.parameters = {{.key = "columns",
                      .type = FieldType::kNamedTexts,
                      .doc = "The new name of each column, by its old one.",
                      .required = true}};
  type.example = "{id: names, type: rename, columns: {body: text}}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
